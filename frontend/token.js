/** What a token says, without verifying it. No DOM. */

/** The characters of a subprotocol (RFC 6455, section 4.1; RFC 2616, "token"). `WebSocket` throws on any other. */
const OFFERABLE = /^[\w!#$%&'*+.^`|~-]+$/;

const sameDay = new Intl.DateTimeFormat(undefined, { timeStyle: "short" });
const anyDay = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

/** Returns the token in a pasted text, without the line breaks of a terminal and without a header's scheme. */
export function tidy(text) {
  return text.trim().replace(/^bearer\s+/i, "").replace(/\s+/g, "");
}

/** Returns whether a browser can offer the token as a subprotocol. */
export function mayBeOffered(token) {
  return OFFERABLE.test(token);
}

/** Returns a sentence about a token: its subject and its expiry, if it states them (RFC 7519, 4.1). */
export function describe(token, now) {
  const { sub, exp } = claimsOf(token);
  const whose = typeof sub === "string" && sub !== "" ? `A token for ${sub}` : "A token";
  const end = new Date(exp * 1000);
  if (Number.isNaN(end.getTime())) return `${whose} is in use.`;
  const when = (end.toDateString() === now.toDateString() ? sameDay : anyDay).format(end);
  return end <= now ? `${whose} is in use; it expired: ${when}.` : `${whose} is in use, good until ${when}.`;
}

/** The claims of a JSON Web Token, unverified, or {} if it is none. */
function claimsOf(token) {
  try {
    const base64 = token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
    const bytes = Uint8Array.from(atob(base64), (character) => character.codePointAt(0));
    const claims = JSON.parse(new TextDecoder().decode(bytes));
    return typeof claims === "object" && claims !== null ? claims : {};
  } catch {
    return {};
  }
}
