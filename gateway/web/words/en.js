// The pages' texts in English. words/zh.js has the same sections and keys.

/** The colours. */
export const colours = {
  green: "Green",
  yellow: "Yellow",
  red: "Red",
  unknown: "Unknown",
};

/** The verdicts of a door. */
export const verdicts = {
  pass: "Come in",
  check: "Please wait to be checked",
  refuse: "Please do not enter",
};

/** What is still to be done at the door. */
export const checks = {
  temperature: "temperature check",
  document: "document check",
  full: "full check",
  manual: "manual check",
};

/** Identity documents. */
export const documents = {
  "resident-id": "Resident identity card",
  passport: "Passport",
  "hk-macau-permit": "Hong Kong and Macau permit",
  "taiwan-permit": "Taiwan permit",
};

/** The names of the form fields. */
export const fieldNames = {
  name: "Name",
  phone: "Mobile number",
  document: "Document type",
  number: "Document number",
  symptoms: "Symptoms now",
  stays: "Stays in other areas",
  contacts: "Contacts with people from other areas",
};

/** The explanation of a refusal, by problem code. */
export const problems = {
  "venue-code-invalid": "This venue code is not valid. Scan it again.",
  "venue-code-expired": "This venue code has expired. Scan the screen again.",
  "venue-closed": "The venue has withdrawn this code. Ask the staff.",
  "person-code-invalid": "This phone's registration is no longer valid. Most likely another phone took over. If that was not you, ask the staff.",
  "person-erased": "This record was erased. Register again to use a code.",
  "name-invalid": "Please check the name.",
  "phone-unsupported": "Please enter a mobile number of mainland China.",
  "document-invalid": "The document number is wrong. Please check it.",
  "document-unsupported": "Please register at a staffed counter with this document.",
  "sms-code-needed": "Request a code by text message first, then enter it.",
  "sms-code-invalid": "The code is wrong or expired. Check it or request another.",
  "face-needed": "Please take a picture of your face.",
  "face-mismatch": "The face does not match the document. Face the camera and take another picture.",
  "too-many": "Too many attempts with this phone number. Try again later.",
  "registration-unavailable": "Registration is unavailable. Try again in a moment.",
  "already-registered": "This document is already registered. Use the original phone or ask the staff.",
  "key-generations-used": "This record cannot move to another phone any more. Ask the staff.",
  "idempotency-key-reused": "Please submit it again.",
  "encoding-unsupported": "The network or browser changed the request. Try another network or browser.",
  malformed: "Some of the entered information is invalid. Please check it.",
};

/** The same for a registered resident, where it differs. */
export const registeredProblems = {
  "document-unsupported": "Please go to a staffed counter with this document.",
  "too-many": "Daily limit reached, or too many requests. Try again later.",
  "already-registered": "This document is already registered. Add its holder by person id.",
  "person-code-expired": "Please check this phone's clock.",
  "token-invalid": "This phone is not registered. Scan a venue's code first.",
  "not-found": "Not found. It may have been deleted.",
  "edit-not-green": "You can change this only while your code is green.",
  "edit-quota": "You have used up today's changes. You can change it again tomorrow.",
  "proxy-not-green": "You can act for others only while your code is green. Another family member may do it.",
  "proxy-out-limit": "You already act for the maximum number of people. Remove one first.",
  "proxy-in-limit": "This person already has the maximum number of guardians.",
  "proxy-not-named": "This person must first enter your person id on their own page, under “Let family act for you”.",
  "proxy-right": "This city does not allow this to be done for others. The person must do it.",
  "person-unknown": "This person id does not exist. Please check it.",
  "fully-booked": "This time is fully booked. Choose another.",
  "booked-already": "There is already a booking for that day. Cancel it first.",
  "unit-unknown": "Choose a community or employer from the list.",
  "venue-unknown": "This venue does not exist. Please check it.",
  "arrival-closed": "This arrival was reported or closed and can no longer be changed.",
  "unit-needed": "Please enter the community or employer responsible for you.",
  "too-large": "The text is too long. Please shorten it.",
};

/** The reasons why a record is not erased yet. */
export const erasureReasons = {
  colour: "your code is not green",
  case: "an open investigation covers you",
  duty: "an arrival report, an appeal or a question is still open",
};

/** The classes of residence. */
export const classes = {
  permanent: "Permanent resident",
  temporary: "Temporary resident",
  returning: "Returning",
  arriving: "Visitor",
  courier: "Driver or courier",
};

/** Symptoms. */
export const symptoms = {
  fever: "Fever",
  "dry-cough": "Dry cough",
  cough: "Cough",
  fatigue: "Fatigue",
  breathless: "Short of breath",
  respiratory: "Other respiratory symptoms",
};

/** The risk of an area. */
export const risks = {
  low: "Low risk",
  mid: "Medium risk",
  high: "High risk",
};

/** The area in which a certificate is valid. */
export const scopes = {
  city: "This city",
  province: "This province",
  country: "The whole country",
};

/** The directions of a check-in. */
export const directions = {
  in: "In",
  out: "Out",
};

/** The names of values in answers. */
export const labels = {
  address: "Address",
  answer: "Answer",
  areaCode: "Area: six-digit area code (GB/T 2260) or two-letter country code",
  at: "Time",
  by: "Accessed by",
  clears: "Expected to clear at",
  clearsBy: "Cleared by",
  confirmed: "Confirmed",
  due: "Deadline",
  erases: "Expected to be erased at",
  fromArea: "From",
  id: "Id",
  issuer: "Issued by",
  metOn: "Met them on",
  none: "None",
  office: "Office",
  person: "Person id",
  purpose: "Purpose",
  reported: "Reported",
  revealed: "Contact details read",
  scope: "Valid in",
  sent: "Submitted",
  stayFrom: "Arrived there on",
  stayUntil: "Left on, empty if you are still there",
  unit: "Community or employer",
  until: "Valid until",
  waitsFor: "It waits because",
  window: "Period accessed",
};

/** The texts of a booking's choices before they are made. */
export const placeholders = {
  district: "The whole city",
  site: "Choose a test site",
  about: "Address and opening hours appear here",
  slot: "Choose a time",
  unit: "Choose a community or employer",
};

/** The texts of empty lists. */
export const emptyLists = {
  sites: "No test site is open now. Check again later.",
  slots: "No free times on that day. Choose another day or test site.",
  bookings: "No bookings yet. You can book above.",
};

/** The state of a page or of one of its parts. */
export const status = {
  pleaseWait: "One moment…",
  retrying: "Bad signal, retrying. Please keep this page open.",
  waiting: "Temporarily unavailable. Retrying automatically.",
  network: "This phone is offline. This continues automatically when it is online.",
  offline: "This phone is offline. Try again later.",
  blockUnavailable: "Temporarily unavailable. It appears automatically.",
  erasureUnavailable: "Whether a request to erase this record waits is temporarily unavailable.",
  unknownProblem: "This failed. Please ask the staff.",
  unknownReason: "The reason is being updated",
  notDone: "It did not work. Please call the city's hotline.",
  replaced: "This phone has taken over. Codes of earlier phones and paper passes no longer work.",
  keyEnded: "This person's code on this phone no longer works. Fetch it again under “Family”.",
  clearing: "Go to clear it",
  empty: "None",
  fullyBooked: "Fully booked",
  freeSlots: "{free} left",
  hotline: "Hotline: {number}",
  checkingIn: "Checking in…",
  registering: "Registering…",
  opening: "Opening…",
};

/** The questions and buttons of forms. */
export const forms = {
  sendingCode: "Sending…",
  codeSent: "Code sent. Check your text messages.",
  codeAgain: "Try again in {left} s",
  askSymptoms: "Symptoms now: leave empty if you have none",
  askStays: "Have you been in other areas within 14 days?",
  askContacts: "Have you met people from other areas within 14 days?",
  addStay: "Add a stay",
  addContact: "Add a contact",
  remove: "Remove",
  myself: "Myself",
};

/** The resident's own page. */
export const resident = {
  answered: "Answered",
  answerOverdue: "Overdue: call the city's hotline",
  answerPending: "Waiting for an answer",
  inquirySent: "Submitted. Reference number: {id}",
  statementUpdated: "Updated. These answers count now.",
  cancelBooking: "Cancel",
  cancelled: "Cancelled",
  booked: "Booked. Please be there on time.",
  reportProgress: "Daily reports: {reported} of {needed} days",
  dependantAdded: "Added. Choose whose code to show at the top of this page.",
  guardianAllowed: "Allowed. They can now add you by your person id.",
  showColour: "Show colour",
  upToDate: "Up to date",
  showHere: "Show code on this phone",
  removeDependant: "Stop acting for this person",
  done: "Done",
  correct: "Correct",
  correctAbove: "Correct it in the form above, then submit",
  arrivalOverdue: "Overdue: report now",
  arrivalReported: "Reported",
  arrivalReportedLate: "Reported late",
  arrivalPassed: "Passed a checkpoint",
  arrivalNoReport: "No need to report",
  arrivalPending: "Report pending",
  reportArrival: "I have reported",
  arrivalRecorded: "Report recorded",
  withdrawArrival: "Withdraw",
  withdrawn: "Withdrawn",
  arrivalRegistered: "Registered",
  arrivalCorrected: "Corrected",
  confirmDeclaration: "The information is true: confirm",
  confirmed: "Confirmed",
  draftSaved: "Draft saved. Review and confirm it below.",
  draft: "Draft, not yet in effect",
  declarationConfirmed: "Confirmed",
  toDate: "to date",
  noChanges: "No changes",
  changed: "Changed",
  keepRecord: "Take the request back and keep my record",
  takenBack: "The request is taken back.",
  erased: "Erased",
  erasesAfterReasons: "when the last of these reasons ends",
  erasureWaiting: "Your request to erase this record is waiting",
  erasureWaitsFor: "Requested. It waits because {reasons}. The record is erased automatically when this ends. You can take the request back in the overview.",
  erasureWaitsUntil: "Requested. It waits because {reasons}. The record is erased automatically after {at}. You can take the request back in the overview.",
  nextCode: "New code in {seconds} s",
  asOf: "as of {at}",
  notUpdated: "not updated since {at}, retrying",
  certificateText: "The certificate",
  certificateQr: "QR code of the certificate",
  copy: "Copy",
  copied: "Copied",
  selected: "Selected. Press and hold to copy.",
  showCertificate: "Show certificate",
  certificateNeedsGreen: "Available only while your code is green.",
  certificateBelow: "Your certificate:",
  reportCounted: "Counted for today{far}",
  reportReceived: "Received. An earlier report already counted for today{far}",
};

/** The check-in page. */
export const checkInPage = {
  waited: "{seconds} s",
  together: "Check in {name} with me",
  cameTogether: "{name} is checked in",
  leftAt: "Left at",
  leave: "I am leaving",
  receipt: "Receipt",
  receiptId: "Receipt number",
  again: "Check in again",
  againQuestion: "You are checked in here. Do you want to check in once more?",
  companions: "Family with you",
  leaving: "Checking out…",
  queued: "Waiting in line: tries again in about {seconds} s",
};

/** The form of the check-in page. */
export const checkInForm = {
  firstRegistration: "First registration",
  name: "Name",
  mobileNumber: "Mobile number",
  sendACodeToThis: "Send a code to this phone",
  codeFromTheTextMessage: "Code from the text message",
  documentType: "Document type",
  documentNumber: "Document number",
  pictureOfYourFace: "Picture of your face",
  next: "Next",
  pleaseCheckYourDetails: "Please check your details",
  confirmAndCheckIn: "Confirm and check in",
  goBackAndCorrect: "Go back and correct",
  myHealthCodeReasonsFamily: "My health code, reasons, family, appeals",
  tryAgain: "Try again",
  askAQuestionOrReport: "Ask a question or report a problem",
  title: "Check-in",
  at: "Checked in at",
};

/** The foot of every page. */
export const foot = {
  enableScript: "Please enable JavaScript, or ask the staff to register you.",
  reopening: "The page did not open fully. It opens again in about {seconds} s",
  larger: "Larger text",
  language: "Language",
  hotlineAsk: "Ask a question or report a problem",
  languageBoth: "Both",
};

/** The headings and forms of the resident's own page. */
export const mePage = {
  theHealthCodeOnThis: "The health code on this sheet will be stored on this phone. Go on only if the sheet is yours, or of a person whom you care for.",
  thisPhoneHasTheHealth: "This phone has the health code of another person, which will be replaced.",
  thisPhoneIsNotRegistered: "This phone is not registered. Scan the code at a venue's door with the camera, and register on the page that opens.",
  yourPersonIdGiveIt: "Your person id. Give it to family members who add you or allow you to act for them:",
  yourNamePhoneDocumentColour: "Your name, phone, document, colour and check-ins are erased. This phone and paper passes no longer work.",
  myHealthCode: "My health code",
  storeOnThisPhone: "Store on this phone",
  cancel: "Cancel",
  showCode: "Show code",
  whoseCode: "Whose code",
  overview: "Overview",
  notices: "Notices",
  provincesHealthCode: "Province's health code",
  travelHistoryDays: "Travel history, 14 days",
  riskAreas: "Risk areas",
  policyOfThisCity: "Policy of this city",
  rulesForEachColour: "Rules for each colour",
  reasons: "Reasons",
  whoAccessedMyCheckIns: "Who accessed my check-ins",
  recentCheckIns: "Recent check-ins",
  dailyHealthReport: "Daily health report",
  reportFor: "Report for",
  temperatureInCOptional: "Temperature in °C, optional",
  symptomsLeaveEmptyIfYou: "Symptoms: leave empty if you have none",
  submitReport: "Submit report",
  myReports: "My reports",
  family: "Family",
  addAFamilyMemberWithout: "Add a family member without a phone",
  name: "Name",
  documentType: "Document type",
  documentNumber: "Document number",
  add: "Add",
  addARegisteredFamilyMember: "Add a registered family member",
  theirPersonId: "Their person id",
  letFamilyActForYou: "Let family act for you",
  theFamilyMembersPersonId: "The family member's person id. They can then show your code.",
  allow: "Allow",
  declarations: "Declarations",
  whatYouDeclare: "What you declare",
  saveDraft: "Save draft",
  updateWhatYouDeclaredAbout: "Update what you declared about your health",
  update: "Update",
  arrivalInTheCity: "Arrival in the city",
  registerFor: "Register for",
  fromSixDigitAreaCode: "From: six-digit area code (GB/T 2260) or two-letter country code",
  timeOfArrival: "Time of arrival",
  theCommunityOrEmployerResponsible: "The community or employer responsible for you",
  register: "Register",
  bookATest: "Book a test",
  bookFor: "Book for",
  district: "District",
  testSite: "Test site",
  day: "Day",
  time: "Time",
  book: "Book",
  bookings: "Bookings",
  appeals: "Appeals",
  whyYourColourIsWrong: "Why your colour is wrong",
  submitAppeal: "Submit appeal",
  questions: "Questions",
  yourQuestion: "Your question",
  submit: "Submit",
  personalDetails: "Personal details",
  mobileNumber: "Mobile number",
  typeOfResidence: "Type of residence",
  sendACodeToThis: "Send a code to this phone",
  codeFromTheTextMessage: "Code from the text message",
  pictureOfYourFace: "Picture of your face",
  change: "Change",
  certificateForOtherCities: "Certificate for other cities",
  eraseMyRecord: "Erase my record",
  askAQuestionOrReport: "Ask a question or report a problem",
  codeQr: "QR code: hold it up to the scanner",
  confirmErasure: "I confirm. This cannot be undone.",
};

/** The first page. */
export const homePage = {
  scanTheCodeAtThe: "Scan the code at the venue's door with your phone's camera.",
  myHealthCodeReasonsFamily: "My health code, reasons, family, appeals",
  apiReferenceOpenapi: "API reference (OpenAPI)",
  askAQuestionOrReport: "Ask a question or report a problem",
  subtitle: "Venue check-ins",
};

/** The page for an address without one. */
export const unknownPage = {
  scanTheCodeAtThe: "Scan the code at the venue's door again.",
  thereIsNoSuchPage: "There is no such page",
  myHealthCodeReasonsFamily: "My health code, reasons, family, appeals",
  askAQuestionOrReport: "Ask a question or report a problem",
};

/** The screen at a door. */
export const door = {
  title: "Door display",
  invitation: "Scan with your phone's camera to check in",
  doorNumber: "Door {number}",
  nextCode: "New code in {seconds} s",
  state: "State of this display",
  noScript: "Please enable JavaScript in this browser.",
  unsigned: "This display is not signed in",
  ended: "The sign-in has expired",
  refused: "The sign-in is no longer valid",
  roleWrong: "This sign-in is not for a door display",
  venueClosed: "This venue is closed to check-ins",
  venueUnknown: "The venue of this sign-in does not exist",
  waiting: "The door's code is being fetched",
  clockLost: "This device's clock was reset, so it cannot make codes now",
  askForLink: "Ask an operator for a new link (gateway token --link), and open it on this device.",
  askStaff: "Please ask the staff.",
  neverReached: "The server has not been reached since this page was opened. Retrying.",
  connecting: "Connecting to the server",
  linkUp: "Connected to the server, last contact {at}",
  linkDown: "Connection lost, retrying. The codes are still valid. Last contact {at}",
  clockUnchecked: "The clock has not been compared with the server yet",
  clockAgrees: "The clock agrees with the server",
  clockFast: "This device's clock is {seconds} s fast, corrected by the server",
  clockSlow: "This device's clock is {seconds} s slow, corrected by the server",
  tokenEnds: "Signed in until {at}",
  tokenEndsSoon: "The sign-in expires at {at}. Open a new link before then.",
  mayDarken: "This browser cannot keep the screen on. Switch off the screen timeout in the system settings.",
};

/** The staff terminal at a door. */
export const terminal = {
  title: "Staff terminal",
  starting: "Starting. If nothing happens, enable JavaScript in the browser.",
  askLink: "Ask the administrator for this door's sign-in link, and open it on this device.",
  tokenEnded: "The sign-in has ended. Ask for a new sign-in link.",
  tokenRefused: "The sign-in was revoked or is not valid. Ask for a new sign-in link.",
  otherRole: "This link is not a terminal's. Ask for a terminal's sign-in link.",
  place: "Post",
  door: "door {n}",
  endsAt: "Signed in until",
  signOut: "Sign out",
  result: "Result",
  scan: "Scan",
  direction: "Direction",
  goingIn: "In",
  goingOut: "Out",
  scanned: "Scan or type a health code, a paper pass or a certificate",
  take: "Check in",
  waitForAnswer: "The last person has no answer yet. Scan again in a moment.",
  decideFirst: "First choose whether the last person was let in.",
  textVenue: "This is the venue's code. Scan the person's health code.",
  textSheet: "This sheet brings a health code to the person's own phone. Scan the code on the phone.",
  textSignIn: "This is a sign-in link. Open it with the device's camera.",
  textUnknown: "Not recognised. Scan it again.",
  cameraButton: "Scan with the camera",
  cameraPicture: "Picture of the camera",
  cameraStarting: "Starting the camera…",
  cameraOn: "Hold the QR code up to the camera.",
  cameraOff: "The camera is off.",
  cameraDenied: "The camera is not allowed. Allow it in the browser's settings. Scanner and typing still work.",
  cameraMissing: "No camera works. Scanner and typing still work.",
  cameraUnreadable: "This browser cannot read QR codes. Scanner and typing still work.",
  groupButton: "With companions",
  groupOpen: "Scan each person's code, the holder's first.",
  groupCount: "{n} scanned",
  groupFinish: "Check these people in",
  groupCancel: "Cancel",
  groupRepeated: "This code was scanned before.",
  groupCodesOnly: "Companions need a health code.",
  groupFull: "At most {n} companions.",
  visitor: "another city's certificate, compare the document",
  announced: "announced the arrival",
  stillOpen: "Still to do",
  checksTitle: "Checks",
  checksAbout: "The temperature is the holder's.",
  temperature: "Temperature (°C)",
  measured: "Record temperature",
  temperatureWrong: "Enter a temperature between 30 and 45, such as 36.6.",
  documentShown: "Document shown",
  fullCheck: "Full check done",
  checkUnsent: "It did not arrive. Press the check again.",
  codeOver: "The code has changed since. Scan the person's current code, and press the check again.",
  decide: "No connection. Check the person by the rules, then choose.",
  entered: "Let in",
  refused: "Turned away",
  keptEntered: "Kept offline: let in",
  keptRefused: "Kept offline: turned away",
  queueFull: "The offline queue is full ({n} scans). This person was not recorded. Use paper, and connect soon.",
  queue: "Offline queue",
  queueCount: "{n} waiting",
  queueOthers: "{n} belong to other venues. They are sent after a sign-in there.",
  queueWaits: "Sent automatically when the connection is back.",
  queueAnswered: "{n} sent",
  lineRefused: "Not recorded",
  settings: "Settings",
  sound: "Sound",
};

/** The word of each state on the terminal's card. */
export const terminalStates = {
  ready: "Ready to scan",
  sending: "One moment",
  pass: "Pass",
  check: "Check",
  refuse: "Refuse",
  unknown: "Check by hand",
  problem: "Not recorded",
  offline: "Offline",
};

/** Why the terminal could not record a person, by problem code. */
export const terminalProblems = {
  "person-code-expired": "This code has expired. Scan the person's current code.",
  "person-code-invalid": "This code is not valid. The person may have to register again.",
  "person-erased": "This record was erased. The person must register again.",
  "venue-code-invalid": "This terminal's venue does not exist. Call the administrator.",
  "venue-closed": "This venue is closed. Call the administrator.",
  "certificate-untrusted": "This city does not accept this certificate. Check the person by the rules.",
  "too-many": "Too many scans of this person. Scan again in a moment.",
  malformed: "It could not be recorded. Scan it again.",
};
