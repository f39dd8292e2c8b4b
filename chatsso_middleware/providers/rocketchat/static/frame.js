// Hands the login over to whoever shows this page: the chat around our frame, or its mobile app.
(function () {
  "use strict";
  const facts = JSON.parse(document.getElementById("facts").textContent);
  const heading = document.querySelector("h1");
  let shown = document.getElementById("entering");

  function show(name) {
    const next = document.getElementById(name);
    if (next === shown) {
      return;
    }
    shown.hidden = true;
    next.hidden = false;
    shown = next;
    heading.textContent = next.dataset.title;
    document.title = next.dataset.title;
    heading.tabIndex = -1;
    heading.focus();
  }

  // The chat removes the frame when the login has worked, and answers nothing but failures. We never send the
  // message again by ourselves: a chat that refuses a login would be asked for ever.
  function enterFromFrame() {
    const silence = setTimeout(show, facts.patience, "silent");
    window.addEventListener("message", function (event) {
      if (event.source !== window.parent || event.origin !== facts.chatOrigin) {
        return;
      }
      if (Object(event.data).event !== "login-error") {
        return;
      }
      clearTimeout(silence);
      if (typeof event.data.response === "string" && event.data.response !== "") {
        const reason = document.getElementById("reason");
        reason.textContent = event.data.response.slice(0, 200);
        reason.hidden = false;
      }
      show("refused");
    });
    window.parent.postMessage(facts.message, facts.chatOrigin);
  }

  // The app starts to listen some time after the page was loaded, so the message is repeated until it stands
  // behind the "#" of our address. Not once more: each message makes the app wait anew before it logs in.
  function enterFromApp() {
    if (window.ReactNativeWebView === undefined || facts.appMessage === null) {
      show("alone");
    }
    if (facts.appMessage === null) {
      return;
    }
    if (window.location.hash !== "") {
      window.history.replaceState(null, "", window.location.pathname + window.location.search);
    }
    const end = Date.now() + facts.patience;
    const repetition = setInterval(function () {
      if (window.location.hash !== "") {
        clearInterval(repetition);
        setTimeout(show, facts.patience, "alone");
      } else if (Date.now() > end) {
        clearInterval(repetition);
        show("alone");
      } else {
        window.postMessage(facts.appMessage, window.location.origin);
      }
    }, 250);
  }

  if (window.parent === window) {
    enterFromApp();
  } else {
    enterFromFrame();
  }
})();
