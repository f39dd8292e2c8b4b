// What a page that embeds the chat may ask of it, and what the chat tells that page.

// Obey the commands of pages that the settings let in.
export function obey(settings, commands) {
  window.addEventListener("message", (event) => {
    if (!settings.Iframe_Integration_receive_enable || typeof event.data?.externalCommand !== "string") {
      return;
    }
    const origins = settings.Iframe_Integration_receive_origin;
    if (origins !== "*" && !origins.split(",").includes(event.origin)) {
      console.error("Origin not allowed", event.origin);
      return;
    }
    const name = event.data.externalCommand;
    if (!Object.hasOwn(commands, name)) {
      console.error("Command not allowed", name);
      return;
    }
    commands[name](event.data);
  });
}

// The function that tells the page around the chat what happens, if the settings want it.
export function teller(settings) {
  return (eventName, data) => {
    if (settings.Iframe_Integration_send_enable && window.parent !== window) {
      window.parent.postMessage({ eventName, data }, settings.Iframe_Integration_send_target_origin);
    }
  };
}
