// The resident's own page: the code at once and without a connection, and the overview as soon as it comes. The other
// parts are a script of their own, so that the code waits for none of them.

import { element } from "../lib/element.js";
import { keepPages } from "../lib/service_worker.js";
import { kept } from "../lib/stored_registration.js";
import { startCode } from "../parts/my_code.js";
import { startOverview } from "../parts/overview.js";

const own = kept();
document.body.dataset.state = own === null ? "unregistered" : "own";
element("unregistered").hidden = own !== null;
element("own").hidden = own === null;
if (own !== null) {
  startCode(own);
  startOverview(own.person);
  window.addEventListener("load", keepPages);
}
