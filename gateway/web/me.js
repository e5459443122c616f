// The resident's own page: the code at once and without a connection, and the overview as soon as it comes. The other
// parts are a script of their own, so that the code waits for none of them.

import { element } from "./element.js";
import { startCode } from "./my_code.js";
import { keepPages } from "./offline.js";
import { startOverview } from "./overview.js";
import { kept } from "./registration.js";

const own = kept();
document.body.dataset.state = own === null ? "unregistered" : "own";
element("unregistered").hidden = own !== null;
element("own").hidden = own === null;
if (own !== null) {
  startCode(own);
  startOverview(own.person);
  window.addEventListener("load", keepPages);
}
