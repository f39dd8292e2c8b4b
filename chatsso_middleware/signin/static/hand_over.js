// Hands the one-time code to the one page that was named, or to the app around this web view.
(function () {
  "use strict";
  const { message, origin } = JSON.parse(document.getElementById("facts").textContent);

  function toApp() {
    const text = JSON.stringify(message);
    const apple = window.webkit && window.webkit.messageHandlers && window.webkit.messageHandlers.chatsso;
    const app = window.ReactNativeWebView || window.chatsso || apple;
    if (app) {
      app.postMessage(text);
    }
    return Boolean(app);
  }

  function toParent() {
    if (window.parent === window) {
      return false;
    }
    window.parent.postMessage(message, origin); // the browser delivers it to this origin and to no other
    return true;
  }

  if (!(origin === null ? toApp() : toParent())) {
    document.getElementById("nobody").hidden = false;
  }
})();
