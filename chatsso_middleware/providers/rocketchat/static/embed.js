// For pages of the site that show the chat in a frame: the chat there follows the site's login and logout.
// Pages may call window.chatssoRocketChat.login(), logout(), go(path) and setUserStatus(status).
(function () {
  "use strict";
  const facts = null /* facts */;
  const ownAddress = document.currentScript.src;
  const gateway = new URL("../go", ownAddress).href;
  const MARK = "chatsso." + facts.provider + ".loggedIn";

  // Milliseconds after which a chat that has said nothing is told again: it may not have listened yet.
  const REPETITIONS = [2000, 6000];

  const heard = new WeakMap(); // how many messages each frame has sent
  const followed = new WeakSet();
  let forgetting; // the timer after which a logout counts as heard

  // A frame shows the chat if it was sent there, or to our gateway, which sends it there.
  function showsChat(frame) {
    let address;
    try {
      address = new URL(frame.src);
    } catch {
      return false;
    }
    if (address.origin === facts.chatOrigin) {
      return true;
    }
    const provider = address.searchParams.get("provider");
    return address.href.split("?")[0] === gateway && (provider === null || provider === facts.provider);
  }

  function chatFrames() {
    return Array.from(document.querySelectorAll("iframe")).filter(showsChat);
  }

  function tell(frame, message) {
    if (frame.contentWindow !== null) {
      frame.contentWindow.postMessage(message, facts.chatOrigin);
    }
  }

  function tellAll(message) {
    chatFrames().forEach(function (frame) {
      tell(frame, message);
    });
  }

  // That the site has logged somebody in is kept from page to page, so that the site's logout reaches the chat
  // once. Who logged in to the chat by himself is no concern of the site's, and is not logged out.
  function mark(isLoggedIn) {
    try {
      if (isLoggedIn) {
        window.localStorage.setItem(MARK, "1");
      } else {
        window.localStorage.removeItem(MARK);
      }
    } catch {
      // The browser keeps storage from the page. The chat's API ends the session without us.
    }
  }

  function isMarked() {
    try {
      return window.localStorage.getItem(MARK) === "1";
    } catch {
      return false;
    }
  }

  async function ask() {
    const address = new URL("embed", ownAddress);
    // A header of its own, which no page of another site can send: browsers without Sec-Fetch-Site exist.
    const headers = { "X-Chatsso": "embed" };
    const answer = await fetch(address, { credentials: "same-origin", cache: "no-store", headers: headers });
    return answer.ok ? answer.json() : {};
  }

  async function follow(frame) {
    followed.add(frame);
    const known = await ask();
    let message = null;
    if (known.loggedIn === true) {
      clearTimeout(forgetting);
      if (known.loginToken) {
        message = { externalCommand: "login-with-token", token: known.loginToken };
      }
      if (known.loginToken || !facts.sendsTokens) {
        mark(true);
      }
    } else if (known.loggedIn === false && isMarked()) {
      message = { externalCommand: "logout" };
    }
    if (message === null) {
      return;
    }
    const heardBefore = heard.get(frame);
    tell(frame, message);
    REPETITIONS.forEach(function (delay) {
      setTimeout(function () {
        if (heard.get(frame) === heardBefore) {
          tell(frame, message);
        }
      }, delay);
    });
    if (known.loggedIn === false) {
      forgetting = setTimeout(mark, Math.max(...REPETITIONS), false);
    }
  }

  window.addEventListener("message", function (event) {
    if (event.origin !== facts.chatOrigin) {
      return;
    }
    const frame = chatFrames().find(function (candidate) {
      return candidate.contentWindow === event.source;
    });
    if (frame === undefined) {
      return;
    }
    heard.set(frame, (heard.get(frame) || 0) + 1);
    if (Object(event.data).eventName === "startup") {
      follow(frame);
    }
  });

  // A load event does not bubble, but it can be caught on its way down, from frames of any age.
  document.addEventListener(
    "load",
    function (event) {
      if (event.target instanceof HTMLIFrameElement && showsChat(event.target)) {
        follow(event.target);
      }
    },
    true,
  );

  function followTheRest() {
    chatFrames().filter(function (frame) {
      return !followed.has(frame);
    }).forEach(follow);
  }

  if (document.readyState === "complete") {
    followTheRest();
  } else {
    window.addEventListener("load", followTheRest);
  }

  window.chatssoRocketChat = Object.freeze({
    login: function () {
      chatFrames().forEach(follow);
    },
    logout: function () {
      tellAll({ externalCommand: "logout" });
      mark(false);
    },
    go: function (path) {
      tellAll({ externalCommand: "go", path: path });
    },
    setUserStatus: function (status) {
      tellAll({ externalCommand: "set-user-status", status: status });
    },
  });
})();
