// Trails and contacts of a small town by loops over all pairs, written from the contract's wording. The town
// has check-ins without a colour whose visits are over. Nothing here is shared with the gateway or the
// console.

/**
 * The visits of a town's people, in order.
 *
 * A town has `venues` (`venue`, `name`, `dwell_minutes`), and `rows` (`person`, `venue`, `at_ms`,
 * `direction`).
 */
export function makeStays({ venues, rows }) {
  const sorted = [...rows].sort((one, other) => one.at_ms - other.at_ms);
  const arrivals = sorted.filter(({ direction }) => direction === "in");
  return arrivals.map(({ person, venue, at_ms: fromMs }) => {
    const { name, dwell_minutes: dwell } = venues.find((known) => known.venue === venue);
    const later = sorted.filter((row) => row.person === person && row.at_ms > fromMs);
    const next = later.find((row) => row.direction === "in")?.at_ms ?? Infinity;
    const out = later.find((row) => row.direction === "out" && row.venue === venue)?.at_ms ?? Infinity;
    const inferredMs = Math.min(next, fromMs + dwell * 60_000);
    const toMs = Math.min(out, inferredMs);
    return { person, venue, name, fromMs, toMs, certainty: out <= inferredMs ? "measured" : "inferred" };
  });
}

/** The time that encounters cover, by counting seconds. */
function countSeconds(encounters) {
  const covered = new Set();
  for (const { fromMs, toMs } of encounters) {
    for (let ms = fromMs; ms < toMs; ms += 1000) {
      covered.add(Math.floor(ms / 1000));
    }
  }
  return covered.size;
}

/** The encounters of a source, from a time on, with everybody who is not known yet. */
function meet(stays, source, sinceMs, known, minOverlapS) {
  const own = stays.filter(({ person }) => person === source);
  const others = stays.filter(({ person }) => !known.has(person));
  const pairs = own.flatMap((one) => others.map((other) => ({ one, other })));
  const there = pairs.filter(({ one, other }) => one.venue === other.venue);
  const encounters = there.map(({ one, other }) => ({
    person: other.person,
    venue: other.name,
    fromMs: Math.max(one.fromMs, other.fromMs, sinceMs),
    toMs: Math.min(one.toMs, other.toMs),
    certainty: one.certainty === "measured" && other.certainty === "measured" ? "measured" : "inferred",
    via: source,
  }));
  return encounters.filter(({ fromMs, toMs }) => toMs - fromMs >= minOverlapS * 1000);
}

/** The contacts of a person, ranked. All visits of the town lie in the case's window. */
export function findContacts(stays, index, hops, minOverlapS) {
  const known = new Set([index]);
  const found = [];
  let sources = [{ person: index, sinceMs: 0 }];
  for (let hop = 1; hop <= hops; hop += 1) {
    const met = sources.flatMap(({ person, sinceMs }) => meet(stays, person, sinceMs, known, minOverlapS));
    const people = [...new Set(met.map(({ person }) => person))];
    const contacts = people.map((person) => {
      const encounters = met.filter((one) => one.person === person);
      const seconds = encounters.map(({ fromMs, toMs }) => Math.floor((toMs - fromMs) / 1000));
      const overlapS = seconds.reduce((sum, one) => sum + one, 0);
      return { person, hop, overlapS, presentS: countSeconds(encounters), encounters };
    });
    people.forEach((person) => known.add(person));
    found.push(...contacts);
    sources = contacts.map(({ person, encounters }) => {
      return { person, sinceMs: Math.min(...encounters.map(({ fromMs }) => fromMs)) };
    });
  }
  const order = (one, other) => one.hop - other.hop || other.overlapS - one.overlapS;
  return found.sort((one, other) => order(one, other) || (one.person < other.person ? -1 : 1));
}
