// Who is logged in, and the ways to be: a kept token, a token in the address, the site's session, a password.

const TOKEN = "Meteor.loginToken"; // where Meteor's clients keep a login in the browser
const EXPIRES = "Meteor.loginTokenExpires";
const USER = "Meteor.userId";

// Tells of "changed" (somebody is logged in, or nobody), "asking", "frame" (with the address to show), "form"
// and "stuck".
export class Login extends EventTarget {
  #connection;
  #settings;
  #client;
  #user = null;

  constructor(connection, settings, client) {
    super();
    this.#connection = connection;
    this.#settings = settings;
    this.#client = client;
    connection.addEventListener("user", ({ detail }) => {
      if (detail === this.#user) {
        this.#tell("changed");
      }
    });
  }

  // Whether the site logs people in: all four settings count, as in published clients.
  get iframeEnabled() {
    const settings = this.#settings;
    return Boolean(
      settings.Accounts_iframe_enabled &&
        settings.Accounts_iframe_url &&
        settings.Accounts_Iframe_api_url &&
        settings.Accounts_Iframe_api_method,
    );
  }

  // The fields of whoever is logged in, or null.
  get user() {
    return this.#user && this.#connection.user(this.#user);
  }

  // What happens once the connection stands, the first time and each time after it was lost.
  async begin() {
    const query = new URLSearchParams(location.search);
    const given = query.get("resumeToken");
    const kept = localStorage.getItem(TOKEN);
    if (given) {
      const loggedIn = await this.#tryToken(given);
      query.delete("resumeToken");
      const rest = query.size ? `?${query}` : "";
      history.replaceState(history.state, "", location.pathname + rest + location.hash);
      if (loggedIn) {
        return;
      }
    }
    if (kept && (await this.#tryToken(kept))) {
      return;
    }
    this.#forget();
    await this.ask();
  }

  // Ask the site, where it logs people in; else show the chat's own form. Raises the reason of a failure.
  async ask() {
    if (!this.iframeEnabled) {
      this.#tell("form");
      return;
    }
    this.#tell("asking");
    let answer;
    try {
      answer = await this.#askSite();
    } catch (error) {
      this.#showFrame();
      throw error;
    }
    if (answer === null) {
      this.#showFrame();
      throw new Error(""); // published clients give no reason either
    }
    try {
      await this.withTokens(answer);
    } catch (error) {
      this.#showFrame();
      throw error;
    }
  }

  // Log in with what the site gave: `loginToken` is a login token, `token` stands in the user's document.
  async withTokens(answer) {
    const tokens = typeof answer === "string" ? { token: answer } : answer;
    const current = this.#client === "current";
    let tried = false;
    if (current ? "loginToken" in tokens : tokens.loginToken) {
      tried = true;
      await this.withToken(tokens.loginToken);
    }
    if (current ? "token" in tokens : tokens.token && !tried) {
      tried = true;
      await this.#logIn({ iframe: true, token: tokens.token });
    }
    if (!tried) {
      this.#tell("stuck"); // nothing is called back: the page waits for ever, as published clients do
    }
  }

  withToken(token) {
    return this.#logIn({ resume: token });
  }

  async withPassword(who, password, code) {
    const login = {
      user: who.includes("@") ? { email: who } : { username: who },
      password: { digest: await sha256(password), algorithm: "sha-256" },
    };
    await this.#logIn(code ? { totp: { code, login } } : login);
  }

  // Log out of the chat, run the owner's script, and ask the site again, as published clients do.
  async logOut() {
    if (this.#user === null) {
      return; // as published clients do
    }
    await this.#connection.call("logout");
    this.#forget();
    window.dispatchEvent(new Event("Custom_Script_On_Logout"));
    await this.ask();
  }

  async #tryToken(token) {
    try {
      await this.withToken(token);
      return true;
    } catch {
      return false;
    }
  }

  async #logIn(parameters) {
    const result = await this.#connection.call("login", parameters);
    localStorage.setItem(TOKEN, result.token);
    localStorage.setItem(EXPIRES, new Date(result.tokenExpires.$date).toString());
    localStorage.setItem(USER, result.id);
    this.#user = result.id;
    this.#tell("changed");
  }

  #forget() {
    [TOKEN, EXPIRES, USER].forEach((name) => localStorage.removeItem(name));
    this.#user = null;
    this.#tell("changed");
  }

  #askSite() {
    const address = this.#settings.Accounts_Iframe_api_url;
    const method = this.#settings.Accounts_Iframe_api_method;
    return this.#client === "current"
      ? askByFetch(address, method)
      : askByRequest(address, method, this.#client === "json" ? "application/json" : null);
  }

  #showFrame() {
    this.#tell("frame", this.#settings.Accounts_iframe_url);
  }

  #tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

async function askByFetch(address, method) {
  const response = await fetch(address, { method, credentials: "include" });
  return response.status === 200 ? response.json() : null;
}

// Clients before fetch take an answer only if it has one of the two tokens.
function askByRequest(address, method, contentType) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open(method, address);
    request.withCredentials = true;
    if (contentType) {
      request.setRequestHeader("Content-Type", contentType);
    }
    request.addEventListener("load", () => {
      const answer = request.status === 200 ? parsed(request.responseText) : null;
      resolve(answer?.token || answer?.loginToken ? answer : null);
    });
    request.addEventListener("error", () => reject(new Error("network")));
    request.send();
  });
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

// crypto.subtle is there in secure contexts alone; http://127.0.0.1 and https are such.
async function sha256(text) {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
