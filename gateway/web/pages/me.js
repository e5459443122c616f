// The resident's own page. It shows the code immediately, without a connection, and the overview when it
// arrives. The other parts are a separate script, so the code does not wait for them.

import { findElement, setWords } from "../lib/element.js";
import { isEndCode } from "../lib/registration_end.js";
import { registerServiceWorker } from "../lib/service_worker.js";
import { readRegistration } from "../lib/stored_registration.js";
import { problems, unknownProblem } from "../lib/words.js";
import { startMyCode } from "../parts/my_code.js";
import { startOverview } from "../parts/overview.js";

const own = readRegistration();
document.body.dataset.state = own === null ? "unregistered" : "own";
findElement("unregistered").hidden = own !== null;
findElement("own").hidden = own === null;
const ended = new URLSearchParams(location.search).get("ended");
if (own !== null) {
  startMyCode(own);
  startOverview(own.person);
  window.addEventListener("load", registerServiceWorker);
} else if (isEndCode(ended)) {
  setWords(findElement("ended"), problems[ended] ?? unknownProblem);
}
