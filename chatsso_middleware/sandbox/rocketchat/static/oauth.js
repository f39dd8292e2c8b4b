// The services' logins that the site's login page may ask the chat for, with a stand-in for the service.

const SERVICES = { facebook: "Facebook", google: "Google", twitter: "Twitter" };

// The service that a message asks for: "google" of "call-google-login".
export function serviceOf(event) {
  const name = /^call-([a-z]+)-login$/.exec(event)?.[1];
  return Object.hasOwn(SERVICES, name ?? "") ? name : null;
}

// Ask the person, and give the message that goes back.
export async function askService(service, answers) {
  const allowed = await consent(SERVICES[service]);
  if (allowed) {
    return { event: `${service}-login-success`, response: answers[service] };
  }
  const refusal = { event: `${service}-login-error`, error: "The login was refused." };
  return service === "facebook" ? { ...refusal, response: { status: "not_authorized" } } : refusal;
}

function consent(name) {
  const dialog = document.getElementById("consent");
  document.getElementById("consent-title").textContent = `Log in with ${name}?`;
  dialog.returnValue = "deny"; // what the Escape key means
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "allow"), { once: true });
  });
}
