// Places the chat in a frame right after the script tag, and hands on the token of the script's own address.
(function () {
  "use strict";
  var script = document.currentScript || document.getElementById("embedded_chatroom");
  var own = new URL(script.src);
  var chat = new URL("..", own);
  ["access_token", "rememberMe"].forEach(function (name) {
    if (own.searchParams.has(name)) {
      chat.searchParams.set(name, own.searchParams.get(name));
    }
  });
  var frame = document.createElement("iframe");
  frame.title = "Chat room";
  frame.referrerPolicy = "no-referrer";
  frame.style.cssText = "display: block; width: 100%; height: 100%; min-height: 36rem; border: 0";
  frame.src = chat.href;
  script.insertAdjacentElement("afterend", frame);
})();
