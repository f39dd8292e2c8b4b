// Lets the chat around our frame log the visitor in with Facebook, Google or Twitter, and hands what that
// brought to our server, which asks the service whether it is true.
(function () {
  "use strict";
  if (window.parent === window) {
    return; // nobody is there whom we could ask
  }
  const facts = JSON.parse(document.getElementById("facts").textContent);
  const area = document.getElementById("services");
  const buttons = Array.from(area.querySelectorAll("button"));
  const notice = document.getElementById("notice");
  let asked = null;
  let timeout = 0;

  function say(text) {
    notice.textContent = text;
    notice.hidden = false;
  }

  function busy(isBusy) {
    buttons.forEach(function (button) {
      button.disabled = isBusy;
    });
  }

  function giveUp(text) {
    clearTimeout(timeout);
    asked = null;
    busy(false);
    say(text + " You can try again, or log in another way.");
    notice.focus();
  }

  function ask(service) {
    asked = service;
    busy(true);
    say("Log in with " + facts.titles[service] + " in the window that the chat opens.");
    timeout = setTimeout(giveUp, facts.patience, facts.titles[service] + " has not answered.");
    window.parent.postMessage(facts.calls[service], facts.chatOrigin);
  }

  async function handOver(service, response) {
    say("One moment: this site asks " + facts.titles[service] + " whether that is you.");
    const abortion = new AbortController();
    timeout = setTimeout(function () {
      abortion.abort();
    }, facts.patience);
    let message = "";
    try {
      const answer = await fetch(facts.handOver, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ service: service, response: response, forgery_token: facts.forgeryToken }),
        signal: abortion.signal,
      });
      const outcome = await answer.json();
      if (outcome.ok === true) {
        window.location.replace(facts.next);
        return;
      }
      message = outcome.message;
    } catch {
      // No connection, no answer in time, or a page instead of it: there is nothing to tell but that.
    }
    giveUp(message || "This site could not log you in.");
  }

  window.addEventListener("message", function (event) {
    if (event.source !== window.parent || event.origin !== facts.chatOrigin || asked === null) {
      return;
    }
    const told = Object(event.data);
    const service = asked;
    if (told.event === service + "-login-success") {
      clearTimeout(timeout);
      asked = null;
      handOver(service, told.response);
    } else if (told.event === service + "-login-error") {
      giveUp(facts.titles[service] + " did not log you in.");
    }
  });

  buttons.forEach(function (button) {
    button.addEventListener("click", function () {
      ask(button.dataset.service);
    });
  });
  area.hidden = false;
})();
