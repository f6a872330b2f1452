// Copying a citation.
import { failed, say } from "./bench.js";

for (const button of document.querySelectorAll("button[data-copy]")) {
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(document.querySelector(button.dataset.copy).textContent.trim());
      say(button.dataset.done || "✓");
    } catch (error) { failed(error); }
  });
}
