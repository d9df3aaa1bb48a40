// The few lines of script of the hosted pages. Everything works without them.
//  - a final page tells the page that opened it, then closes or goes back
//  - hidden inputs can be shown, forms are sent once
"use strict";

const CLOSE_AFTER_MS = 1500;

function announce(result) {
  const data = result.dataset;
  const message = {
    type: "weavz-connect-result",
    status: data.status,
    sessionStatus: data.sessionStatus,
    connectionId: data.connectionId || null,
    integrationName: data.integrationName,
    externalId: data.externalId,
    sessionId: data.sessionId,
    error: data.error || null,
  };
  // The application has to confirm: what its page hands to its backend. With a redirect it travels in the address instead.
  if (data.code) message.code = data.code;
  const origins = (data.origins || "").split(" ").filter(Boolean);
  if (window.opener) {
    // Each exact origin, never "*": the browser delivers it to the right one only.
    for (const origin of origins) window.opener.postMessage(message, origin);
  }
  const channel = new BroadcastChannel("keyloom:" + data.sessionId);
  channel.postMessage(message);
  channel.close();

  // A provider's Cross-Origin-Opener-Policy takes opener and name away for good: a page of the dashboard that opened us in a
  // window has therefore said so when it started the session.
  if (data.status === "awaiting" && data.redirect) {
    // Also in a window: the application's page there knows who is signed in.
    setTimeout(() => window.location.replace(data.redirect), CLOSE_AFTER_MS);
    return;
  }
  const mustClose = data.window !== undefined;
  const isWindow = window.opener !== null || window.name === "keyloom-authorize" || mustClose;
  if (isWindow || !data.redirect) {
    // A window that a script opened may close itself; any other stays, and says that it can be closed.
    setTimeout(() => window.close(), CLOSE_AFTER_MS);
  }
  // The dashboard's popup was blocked and this is its own tab: the browser did not close it.
  if (data.redirect && (!isWindow || mustClose)) {
    setTimeout(() => window.location.replace(data.redirect), CLOSE_AFTER_MS + (mustClose ? 500 : 0));
  }
}

const result = document.getElementById("result");
if (result) announce(result);

for (const toggle of document.querySelectorAll("[data-show]")) {
  const input = document.getElementById(toggle.dataset.show);
  toggle.hidden = false;
  toggle.addEventListener("click", () => {
    const shown = input.type === "text";
    input.type = shown ? "password" : "text";
    toggle.setAttribute("aria-pressed", String(!shown));
  });
}

for (const form of document.querySelectorAll("form")) {
  let sent = false;
  form.addEventListener("submit", (event) => {
    if (sent) event.preventDefault();
    sent = true;
    form.setAttribute("aria-busy", "true");
  });
}
// Coming back with the back button: the form can be sent again.
window.addEventListener("pageshow", (event) => {
  if (event.persisted) window.location.reload();
});

const repost = document.querySelector("form[data-autosubmit]");
if (repost) repost.requestSubmit();
