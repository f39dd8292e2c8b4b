// The chat's page: it connects, logs in as published clients do, and shows a channel.

import { obey, teller } from "./commands.js";
import { Connection } from "./ddp.js";
import { Login } from "./login.js";
import { askService, serviceOf } from "./oauth.js";

const element = (id) => document.getElementById(id);
const page = element("chat");
const { base, room, settings, client, oauthAnswers } = JSON.parse(page.dataset.configuration);

const scheme = location.protocol === "https:" ? "wss:" : "ws:";
const connection = new Connection(`${scheme}//${location.host}${base}/websocket`);
const login = new Login(connection, settings, client);
const tell = teller(settings);
const shown = new Set();

// What is on the page: "connecting", "asking", "stuck", "frame", "form" or "in".
function show(state) {
  page.dataset.state = state;
  element("waiting-for").textContent =
    state === "connecting" ? "Connecting…" : "Asking the site who is logged in…";
  if (state !== "frame") {
    element("login-frame")?.remove();
  }
}

// The site's login page. While it stands it stays as it is: it may be waiting for our answer.
function showFrame(address) {
  if (page.dataset.state === "frame") {
    return;
  }
  const frame = document.createElement("iframe");
  frame.id = "login-frame";
  frame.title = "Login page of the site";
  frame.src = address;
  element("framed-login").prepend(frame);
  show("frame");
}

function showUnlessFramed(state) {
  if (page.dataset.state !== "frame") {
    show(state);
  }
}

function complain(error) {
  element("problem").textContent = error?.message ?? "";
}

function showUser() {
  const user = login.user;
  const line = element("whoami");
  line.dataset.user = user?.username ?? "";
  line.dataset.name = user?.name ?? "";
  line.dataset.status = user?.status ?? "";
  line.textContent = user ? `Logged in as ${user.name} (@${user.username})` : "Nobody is logged in";
  element("portrait").replaceChildren(...(user ? [portrait(user.name || user.username, user.avatarUrl)] : []));
  if (user && page.dataset.state !== "in") {
    complain(null);
    show("in");
    openRoom();
  } else if (!user) {
    shown.clear();
    element("messages").replaceChildren();
  }
}

function portrait(name, address) {
  const picture = document.createElement(/^https?:/.test(address) ? "img" : "span");
  picture.className = "avatar";
  if (picture instanceof HTMLImageElement) {
    picture.alt = "";
    picture.referrerPolicy = "no-referrer";
    picture.src = address;
  } else {
    picture.ariaHidden = "true";
    picture.textContent = name.slice(0, 1).toUpperCase();
  }
  return picture;
}

async function openRoom() {
  connection.subscribe("stream-room-messages", room, false);
  const { messages } = await connection.call("loadHistory", room, null, 50);
  messages.reverse().forEach(showMessage);
  tell("room-opened", { name: room });
}

function showMessage(message) {
  if (shown.has(message._id)) {
    return;
  }
  shown.add(message._id);
  const item = document.createElement("li");
  const body = document.createElement("div");
  const by = document.createElement("p");
  const author = document.createElement("strong");
  const time = document.createElement("time");
  const text = document.createElement("p");
  const when = new Date(message.ts.$date);
  by.className = "by";
  text.className = "text";
  author.textContent = message.u.name || message.u.username;
  time.dateTime = when.toISOString();
  time.textContent = when.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  text.textContent = message.msg;
  by.append(author, " ", time);
  body.append(by, text);
  item.append(portrait(author.textContent, message.avatar), body);
  element("messages").append(item);
}

// Failures go back to the frame that asked; who succeeds needs no answer, since the frame is taken away.
async function answerFrame(event) {
  const reply = (message) => event.source?.postMessage(message, event.origin);
  const service = serviceOf(event.data.event);
  if (service) {
    reply(await askService(service, oauthAnswers));
    return;
  }
  try {
    if (event.data.event === "try-iframe-login") {
      await login.ask();
    } else {
      await login.withTokens(event.data);
    }
  } catch (error) {
    reply({ event: "login-error", response: error.message });
  }
}

connection.addEventListener("connected", () => login.begin().catch(complain));
connection.addEventListener("lost", () => {
  show("connecting");
  showUser();
});
connection.addEventListener("message", ({ detail }) => {
  showMessage(detail);
  tell("new-message", detail);
});
login.addEventListener("changed", showUser);
login.addEventListener("asking", () => showUnlessFramed("asking"));
login.addEventListener("stuck", () => showUnlessFramed("stuck"));
login.addEventListener("form", () => show("form"));
login.addEventListener("frame", ({ detail }) => showFrame(detail));

window.addEventListener("message", (event) => {
  const name = event.data?.event;
  if (login.iframeEnabled && (["login-with-token", "try-iframe-login"].includes(name) || serviceOf(name))) {
    answerFrame(event);
  }
});

obey(settings, {
  "login-with-token"({ token }) {
    if (typeof token === "string") {
      login.withToken(token).catch(complain);
    }
  },
  logout() {
    login.logOut().catch(complain);
  },
  go({ path }) {
    if (typeof path === "string" && path.trim()) {
      location.assign(`${base}/${path.replace(/^\/+/, "")}`);
    }
  },
  "set-user-status"({ status }) {
    connection.call("setUserStatus", status, "").catch(complain);
  },
});

element("log-out").addEventListener("click", () => login.logOut().catch(complain));
element("use-password").addEventListener("click", () => show("form"));
element("password-login").addEventListener("submit", (event) => {
  event.preventDefault();
  const value = (id) => element(id).value;
  complain(null);
  login.withPassword(value("login-user"), value("login-password"), value("login-code")).catch(complain);
});
element("composer").addEventListener("submit", async (event) => {
  event.preventDefault();
  const box = element("message");
  try {
    showMessage(await connection.call("sendMessage", { rid: room, msg: box.value }));
    box.value = "";
    complain(null);
  } catch (error) {
    complain(error);
  }
});
element("message").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    element("composer").requestSubmit();
  }
});

tell("startup", true);
connection.open();
