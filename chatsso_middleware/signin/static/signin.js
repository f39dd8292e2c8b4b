// Comfort on top of a form that works without it: show the password, and send once.
(function () {
  "use strict";
  const PATIENCE = 20000; // milliseconds, more than any answer takes
  const form = document.getElementById("form");
  const password = document.getElementById("password");
  const alert = document.getElementById("alert");
  if (!form || !password) {
    return; // a template of the owner's may have neither
  }
  if (alert) {
    alert.focus(); // in a frame of another site, browsers leave autofocus out
  }

  const toggle = document.createElement("button");
  toggle.type = "button";
  toggle.className = "show";
  toggle.setAttribute("aria-controls", "password");

  function show(visible) {
    password.type = visible ? "text" : "password";
    toggle.textContent = visible ? form.dataset.hide : form.dataset.show;
    toggle.setAttribute("aria-label", visible ? form.dataset.hideLabel : form.dataset.showLabel);
  }

  toggle.addEventListener("click", () => show(password.type === "password"));
  show(false);
  password.after(toggle);

  const send = form.querySelector("button:not([type])");
  let sending = false;

  function settle(busy) {
    sending = busy;
    if (send) {
      send.setAttribute("aria-disabled", String(busy));
    }
  }

  form.addEventListener("submit", (event) => {
    if (sending) {
      event.preventDefault(); // a second click would count as a second attempt
      return;
    }
    show(false); // browsers remember what stands in a field of type text
    settle(true);
    setTimeout(() => settle(false), PATIENCE); // the load was stopped, perhaps
  });
  addEventListener("pageshow", () => settle(false)); // back from the history
})();
