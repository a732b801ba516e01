/** What can be said of a token without the key that it is signed with. No DOM. */

/** What a subprotocol may consist of (RFC 6455, section 4.1; RFC 2616, "token"); `WebSocket` throws on anything else. */
const OFFERABLE = /^[\w!#$%&'*+.^`|~-]+$/;

const sameDay = new Intl.DateTimeFormat(undefined, { timeStyle: "short" });
const anyDay = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

/** Returns the token in what was pasted: line breaks of a terminal go, and so does a header's scheme. */
export function tidy(text) {
  return text.trim().replace(/^bearer\s+/i, "").replace(/\s+/g, "");
}

/** Tells whether a browser can offer it as a subprotocol. */
export function mayBeOffered(token) {
  return OFFERABLE.test(token);
}

/** Returns a sentence on a token: whom it is about and until when it is good, where it says so (RFC 7519, 4.1). */
export function describe(token, now) {
  const { sub, exp } = claimsOf(token);
  const whose = typeof sub === "string" && sub !== "" ? `A token for ${sub}` : "A token";
  const end = new Date(exp * 1000);
  if (Number.isNaN(end.getTime())) return `${whose} is in use.`;
  const when = (end.toDateString() === now.toDateString() ? sameDay : anyDay).format(end);
  return end <= now ? `${whose} is in use; it expired: ${when}.` : `${whose} is in use, good until ${when}.`;
}

/** The claims of a JSON Web Token, which are anybody's word; {} where it is not one. */
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
