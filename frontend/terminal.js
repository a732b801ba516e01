/** The panel that shows how to join from a terminal. */

import { setUpMenu } from "./menu.js";

const COPIED_MS = 2_000;

/** Makes the panel a menu whose buttons copy. */
export function setUpTerminal(details) {
  setUpMenu(details);
  for (const button of details.querySelectorAll("[data-copies]")) {
    button.addEventListener("click", () => copy(button, document.getElementById(button.dataset.copies)));
  }
}

/** Pages that came over plain HTTP from another host have no clipboard: the text is selected for the user to copy. */
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
