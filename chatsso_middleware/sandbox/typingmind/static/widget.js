// Places a bubble in the page that opens the chat in a frame, logged in by the code of the script's own tag.
(function () {
  "use strict";
  const script = document.currentScript;
  const address = new URL("widget", script.src);
  const code = script.getAttribute("data-external-auth-code");
  if (code) {
    address.searchParams.set("code", code);
  }

  function styled(name, style) {
    const made = document.createElement(name);
    made.style.cssText = style; // set by a script, so no style-src of the site's policy forbids it
    return made;
  }

  const corner = styled("div", "position: fixed; right: 1rem; bottom: 1rem; z-index: 2147483000");
  const bubble = styled(
    "button",
    "display: block; width: 3.5rem; height: 3.5rem; margin: 0 0 0 auto; padding: 0; border: 0; border-radius: 50%;" +
      "background: #0f5e56; color: #fff; font: 1.5rem/1 system-ui, sans-serif; cursor: pointer;" +
      "box-shadow: 0 2px 12px rgb(0 0 0 / 30%)",
  );
  bubble.id = "typingmind-widget";
  bubble.type = "button";
  bubble.textContent = "\u{1F4AC}";
  bubble.setAttribute("aria-label", "Chat with the assistant");
  bubble.setAttribute("aria-expanded", "false");
  corner.append(bubble);
  let frame = null;

  function show(isOpen) {
    if (frame === null) {
      frame = styled(
        "iframe",
        "width: min(24rem, calc(100vw - 2rem)); height: min(44rem, calc(100vh - 7rem));" +
          "margin-bottom: 0.75rem; border: 1px solid #8886; border-radius: 12px; background: #fff;" +
          "box-shadow: 0 4px 24px rgb(0 0 0 / 30%)",
      );
      frame.title = "Chat with the assistant";
      frame.referrerPolicy = "no-referrer";
      frame.src = address.href;
      corner.prepend(frame);
    }
    frame.style.display = isOpen ? "block" : "none";
    bubble.setAttribute("aria-expanded", String(isOpen));
  }

  bubble.addEventListener("click", function () {
    show(bubble.getAttribute("aria-expanded") === "false");
  });
  document.addEventListener("keydown", function (event) {
    if (event.key === "Escape" && frame !== null) {
      show(false);
    }
  });
  document.body.append(corner);
})();
