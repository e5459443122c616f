// The resident's own page: the code at once and without a connection, and the overview as soon as it comes. The other
// parts are a script of their own, so that the code waits for none of them.

import { findElement } from "../lib/element.js";
import { registerServiceWorker } from "../lib/service_worker.js";
import { readRegistration } from "../lib/stored_registration.js";
import { startMyCode } from "../parts/my_code.js";
import { startOverview } from "../parts/overview.js";

const own = readRegistration();
document.body.dataset.state = own === null ? "unregistered" : "own";
findElement("unregistered").hidden = own !== null;
findElement("own").hidden = own === null;
if (own !== null) {
  startMyCode(own);
  startOverview(own.person);
  window.addEventListener("load", registerServiceWorker);
}
