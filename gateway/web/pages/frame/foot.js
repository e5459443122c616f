// The head and the foot of every page: the city's name and mark, the chosen view, and the city's hotline. The
// link beside the hotline needs no script.

import { readCity, refreshCity } from "../../lib/city.js";
import { useZone } from "../../lib/city_time.js";
import { findElement, makeHotlineLink, makeWords } from "../../lib/element.js";
import { markStarted } from "../../lib/started.js";
import { prepareView } from "../../lib/view.js";

/** @param {import("../../lib/city.js").City} city */
function show({ hotline, zone, zh, en, mark }) {
  useZone(zone);
  findElement("foot-hotline").replaceChildren(...(hotline === "" ? [] : [makeHotlineLink(hotline)]));
  const picture = /** @type {HTMLImageElement} */ (findElement("city-mark"));
  picture.hidden = mark === "";
  if (mark !== "") {
    picture.src = mark;
  }
  findElement("city-name").replaceChildren(...(zh === "" ? [] : [makeWords([zh, en])]));
  findElement("city-head").hidden = zh === "" && mark === "";
}

prepareView();
markStarted();
const stored = readCity();
if (stored !== null) {
  show(stored);
}
void refreshCity().then((city) => city !== null && show(city));
