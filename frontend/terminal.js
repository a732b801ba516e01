/** The panel that shows how to connect from a terminal. */

import { setUpMenu } from "./menu.js";

const COPIED_MS = 2_000;

/** Makes the panel a menu, with buttons that copy. */
export function setUpTerminal(details) {
  setUpMenu(details);
  for (const button of details.querySelectorAll("[data-copies]")) {
    button.addEventListener("click", () => copy(button, document.getElementById(button.dataset.copies)));
  }
}

/** A page over plain HTTP from another host has no clipboard. The text is selected then, for the user to copy. */
async function copy(button, source) {
  try {
    await navigator.clipboard.writeText(source.textContent);
    button.textContent = "Copied";
  } catch {
    getSelection().selectAllChildren(source);
    button.textContent = "Selected";
  }
  setTimeout(() => (button.textContent = "Copy"), COPIED_MS);
}
