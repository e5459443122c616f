// The contacts that are left at a threshold, calculated from an answer to the shortest one. It follows the
// gateway's rules: an encounter counts if it is long enough, and sums are those of the encounters that count.
//
// This is exact for the first hop. Further hops begin at the first encounter that counts, and a person who no
// longer counts in hop 1 may be found in hop 2 through others. Only the gateway can answer that.

/**
 * An encounter, with the members that the console uses.
 * @typedef {object} Encounter
 * @property {string} venue
 * @property {string} venue_name
 * @property {string} from
 * @property {string} to
 * @property {number} overlap_s
 * @property {string} certainty
 * @property {string} via
 * @property {string} evidence
 * @property {string} via_evidence
 * @property {string[]} marks
 */
/**
 * A contact.
 * @typedef {object} Contact
 * @property {string} person
 * @property {number} hop
 * @property {number} overlap_s
 * @property {number} present_s
 * @property {Encounter[]} encounters
 */

/** The time that encounters cover, each second once. **Units**: seconds. @param {Encounter[]} encounters */
function presentSeconds(encounters) {
  const spans = encounters.map(({ from, to }) => [Date.parse(from), Date.parse(to)]);
  spans.sort(([one = 0], [other = 0]) => one - other);
  let [coveredMs, untilMs] = [0, 0];
  for (const [from = 0, to = 0] of spans) {
    coveredMs += Math.max(0, to - Math.max(from, untilMs));
    untilMs = Math.max(untilMs, to);
  }
  return Math.floor(coveredMs / 1000);
}

/** By hop, then longest overlap, then id: the gateway's order. @param {Contact} one @param {Contact} other */
function compareContacts(one, other) {
  const order = one.hop - other.hop || other.overlap_s - one.overlap_s;
  return order || (one.person < other.person ? -1 : 1);
}

/** The contacts with encounters of at least this many seconds.
 * @param {Contact[]} contacts @param {number} minOverlapS @returns {Contact[]} */
export function filterContacts(contacts, minOverlapS) {
  const left = contacts.flatMap((contact) => {
    const encounters = contact.encounters.filter(({ overlap_s }) => overlap_s >= minOverlapS);
    const sum = encounters.reduce((total, { overlap_s }) => total + overlap_s, 0);
    const counted = { ...contact, encounters, overlap_s: sum, present_s: presentSeconds(encounters) };
    return encounters.length === 0 ? [] : [counted];
  });
  return left.sort(compareContacts);
}

/** The longest encounter. **Units**: seconds. @param {Contact[]} contacts */
export function longestSeconds(contacts) {
  return contacts.reduce(
    (longest, { encounters }) => encounters.reduce((most, { overlap_s }) => Math.max(most, overlap_s), longest),
    0,
  );
}
