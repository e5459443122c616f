// The pages' texts, in Chinese and English.

/** @typedef {[string, string]} Words Chinese, English. */
/** @typedef {{zh: string, en: string}} Bilingual The words of the server. */

/** @type {Record<string, Words>} */
export const colours = {
  green: ["绿码", "Green"],
  yellow: ["黄码", "Yellow"],
  red: ["红码", "Red"],
  unknown: ["未知", "Unknown"],
};

/** @type {Record<string, Words>} */
export const verdicts = {
  pass: ["请进", "Come in"],
  check: ["请配合查验", "Please wait to be checked"],
  refuse: ["请勿进入", "Please do not enter"],
};

/** @type {Record<string, Words>} */
export const checks = {
  temperature: ["测量体温", "temperature check"],
  document: ["查验证件", "document check"],
  full: ["全面查验", "full check"],
  manual: ["人工核验", "manual check"],
};

/** Identity documents. @type {Record<string, Words>} */
export const documents = {
  "resident-id": ["居民身份证", "Resident identity card"],
  passport: ["护照", "Passport"],
  "hk-macau-permit": ["港澳居民来往内地通行证", "Hong Kong and Macau permit"],
  "taiwan-permit": ["台湾居民来往大陆通行证", "Taiwan permit"],
};

/** The names of the form fields. @type {Record<string, Words>} */
export const fieldNames = {
  name: ["姓名", "Name"],
  phone: ["手机号码", "Mobile number"],
  document: ["证件类型", "Document type"],
  number: ["证件号码", "Document number"],
  symptoms: ["目前症状", "Symptoms now"],
  stays: ["到过的其他地区", "Stays in other areas"],
  contacts: ["接触过的其他地区人员", "Contacts with people from other areas"],
};

/** SVG paths of a tick, an exclamation mark, a cross and a question mark. @type {Record<string, string>} */
export const shapes = {
  green: "M20 55 L42 77 L82 27",
  yellow: "M50 15 V62 M50 82 V84",
  red: "M22 22 L78 78 M78 22 L22 78",
  unknown: "M30 35 A20 20 0 1 1 55 53 Q50 57 50 66 M50 84 V86",
};

/** The explanation of a refusal, by problem code. @type {Record<string, Words>} */
export const problems = {
  "venue-code-invalid": ["场所码无效，请重新扫描", "This venue code is not valid. Scan it again."],
  "venue-code-expired": ["场所码已过期，请重新扫描屏幕", "This venue code has expired. Scan the screen again."],
  "venue-closed": ["该场所已停用此码，请询问工作人员", "The venue has withdrawn this code. Ask the staff."],
  "person-code-invalid": [
    "本机登记已失效，很可能已换到另一部手机。如非本人操作，请询问工作人员",
    "This phone's registration is no longer valid. Most likely another phone took over. If that was not you, ask the staff.",
  ],
  "person-erased": ["此登记已删除，再次使用时请重新登记", "This record was erased. Register again to use a code."],
  "name-invalid": ["请检查姓名", "Please check the name."],
  "phone-unsupported": ["请填写中国大陆手机号码", "Please enter a mobile number of mainland China."],
  "document-invalid": ["证件号码有误，请核对", "The document number is wrong. Please check it."],
  "document-unsupported": ["此类证件请到人工窗口登记", "Please register at a staffed counter with this document."],
  "sms-code-needed": ["请先获取短信验证码并填写", "Request a code by text message first, then enter it."],
  "sms-code-invalid": ["验证码有误或已过期，请核对或重新获取", "The code is wrong or expired. Check it or request another."],
  "face-needed": ["请拍摄人脸照片", "Please take a picture of your face."],
  "face-mismatch": ["人脸与证件不符，请正对镜头重新拍摄", "The face does not match the document. Face the camera and take another picture."],
  "too-many": ["该手机号操作过于频繁，请稍后再试", "Too many attempts with this phone number. Try again later."],
  "registration-unavailable": ["登记服务暂时不可用，请稍后再试", "Registration is unavailable. Try again in a moment."],
  "already-registered": ["该证件已登记，请使用原手机或联系工作人员", "This document is already registered. Use the original phone or ask the staff."],
  "key-generations-used": ["该登记更换手机的次数已满，请联系工作人员", "This record cannot move to another phone any more. Ask the staff."],
  "idempotency-key-reused": ["请再提交一次", "Please submit it again."],
  "encoding-unsupported": ["网络或浏览器改动了请求，请换网络或浏览器再试", "The network or browser changed the request. Try another network or browser."],
  malformed: ["信息有误，请核对", "Some of the entered information is invalid. Please check it."],
};

/** The same for a registered resident, by problem code. @type {Record<string, Words>} */
const registeredProblems = {
  ...problems,
  "person-code-expired": ["请核对手机时间", "Please check this phone's clock."],
  "token-invalid": ["本机尚未登记，请先扫描场所码", "This phone is not registered. Scan a venue's code first."],
  "not-found": ["没有找到，可能已被删除", "Not found. It may have been deleted."],
  "too-many": ["今天次数已满或操作过于频繁，请稍后再试", "Daily limit reached, or too many requests. Try again later."],
  "edit-not-green": ["绿码时才能修改", "You can change this only while your code is green."],
  "edit-quota": ["今天的修改次数已用完，明天可再修改", "You have used up today's changes. You can change it again tomorrow."],
  "proxy-not-green": ["绿码时才能代办，可请其他家人代办", "You can act for others only while your code is green. Another family member may do it."],
  "proxy-out-limit": ["代办人数已满，请先解除一位", "You already act for the maximum number of people. Remove one first."],
  "proxy-in-limit": ["该家人的代办人已满", "This person already has the maximum number of guardians."],
  "proxy-not-named": ["请对方先在自己的页面“允许家人代办”中填写您的人员编号", "This person must first enter your person id on their own page, under “Let family act for you”."],
  "proxy-right": ["本市不能代办此事，请本人办理", "This city does not allow this to be done for others. The person must do it."],
  "person-unknown": ["没有此人员编号，请核对", "This person id does not exist. Please check it."],
  "fully-booked": ["该时段已约满，请换一个时段", "This time is fully booked. Choose another."],
  "booked-already": ["当天已有预约，取消后可再约", "There is already a booking for that day. Cancel it first."],
  "unit-unknown": ["请从列表中选择社区或单位", "Choose a community or employer from the list."],
  "venue-unknown": ["没有此场所，请核对", "This venue does not exist. Please check it."],
  "arrival-closed": ["此登记已报到或已过卡口，不能再改", "This arrival was reported or closed and can no longer be changed."],
  "unit-needed": ["请填写负责的社区或单位", "Please enter the community or employer responsible for you."],
  "document-unsupported": ["此类证件请到人工窗口办理", "Please go to a staffed counter with this document."],
  "already-registered": ["该证件已登记，请用对方的人员编号添加", "This document is already registered. Add its holder by person id."],
  "too-large": ["内容过长，请缩短", "The text is too long. Please shorten it."],
};

/** The explanation of a refusal for a registered resident. @param {{body: any}} answer @returns {Words} */
export function problemWords(answer) {
  return registeredProblems[answer.body.code] ?? ["未能完成，请拨打咨询电话", "It did not work. Please call the city's hotline."];
}

/** The reasons why a record is not erased yet. @type {Record<string, Words>} */
export const erasureReasons = {
  colour: ["您的码不是绿码", "your code is not green"],
  case: ["有一项调查涉及您", "an open investigation covers you"],
  duty: ["有事项尚未办结（报到、申诉或咨询）", "an arrival report, an appeal or a question is still open"],
};

/** The note after a registration that replaced an earlier phone. @type {Words} */
export const replacedWords = [
  "已换到本机，原来手机上的健康码和纸质通行证已失效",
  "This phone has taken over. Codes of earlier phones and paper passes no longer work.",
];

/** The note on a dependant whose stored key the server refused. @type {Words} */
export const keyEndedWords = [
  "此人的码在本机已失效，请在“家人”中重新获取",
  "This person's code on this phone no longer works. Fetch it again under “Family”.",
];

/** The classes of residence. @type {Record<string, Words>} */
export const classes = {
  permanent: ["常住", "Permanent resident"],
  temporary: ["暂住", "Temporary resident"],
  returning: ["返回", "Returning"],
  arriving: ["来访", "Visitor"],
  courier: ["货运、快递", "Driver or courier"],
};

/** @type {Record<string, Words>} */
export const symptoms = {
  fever: ["发热", "Fever"],
  "dry-cough": ["干咳", "Dry cough"],
  cough: ["咳嗽", "Cough"],
  fatigue: ["乏力", "Fatigue"],
  breathless: ["气促", "Short of breath"],
  respiratory: ["其他呼吸道症状", "Other respiratory symptoms"],
};

/** @type {Record<string, Words>} */
export const risks = {
  low: ["低风险", "Low risk"],
  mid: ["中风险", "Medium risk"],
  high: ["高风险", "High risk"],
};

/** The area in which a certificate is valid. @type {Record<string, Words>} */
export const scopes = {
  city: ["本市", "This city"],
  province: ["本省", "This province"],
  country: ["全国", "The whole country"],
};

/** @type {Record<string, Words>} */
export const directions = { in: ["进入", "In"], out: ["离开", "Out"] };

/** The names of values in answers. @type {Record<string, Words>} */
export const labels = {
  address: ["地址", "Address"],
  answer: ["答复", "Answer"],
  areaCode: ["地区：六位行政区划代码或两位国家代码", "Area: six-digit area code (GB/T 2260) or two-letter country code"],
  at: ["时间", "Time"],
  by: ["查询人", "Accessed by"],
  clears: ["预计解除时间", "Expected to clear at"],
  clearsBy: ["解除条件", "Cleared by"],
  confirmed: ["确认时间", "Confirmed"],
  due: ["截止时间", "Deadline"],
  erases: ["预计删除时间", "Expected to be erased at"],
  fromArea: ["来自", "From"],
  id: ["编号", "Id"],
  issuer: ["出具方", "Issued by"],
  metOn: ["接触日期", "Met them on"],
  none: ["无", "None"],
  office: ["查询单位", "Office"],
  person: ["人员编号", "Person id"],
  purpose: ["用途", "Purpose"],
  reported: ["报到时间", "Reported"],
  revealed: ["查看联系方式", "Contact details read"],
  scope: ["适用范围", "Valid in"],
  sent: ["提交时间", "Submitted"],
  stayFrom: ["到达日期", "Arrived there on"],
  stayUntil: ["离开日期（仍在当地可不填）", "Left on, empty if you are still there"],
  unit: ["社区或单位", "Community or employer"],
  until: ["有效期至", "Valid until"],
  waitsFor: ["等待原因", "It waits because"],
  window: ["查询时段", "Period accessed"],
};

/** A reason that the rules in force do not have: the rules changed a moment ago. @type {Bilingual} */
export const unknownReason = { zh: "原因正在更新", en: "The reason is being updated" };

/** The label of a link that clears a reason. @type {Words} */
export const clearingWords = ["前往办理", "Go to clear it"];

/** @type {Words} */
export const emptyWords = ["暂无", "None"];

/** The texts of a booking's choices before they are made. @type {Record<string, Words>} */
export const placeholders = {
  district: ["全市", "The whole city"],
  site: ["请选择采样点", "Choose a test site"],
  about: ["选择后显示地址和开放时间", "Address and opening hours appear here"],
  slot: ["请选择时段", "Choose a time"],
  unit: ["请选择社区或单位", "Choose a community or employer"],
};

/** The texts of empty lists. @type {Record<string, Words>} */
export const emptyListWords = {
  sites: ["目前没有开放的采样点，请稍后再看", "No test site is open now. Check again later."],
  slots: ["这天没有可约的时段，请换一天或换一个采样点", "No free times on that day. Choose another day or test site."],
  bookings: ["暂无预约，可在上面预约", "No bookings yet. You can book above."],
};

/** The number of free places at a time. @param {number} free @returns {Words} */
export function freeSlotWords(free) {
  return free === 0 ? ["已约满", "Fully booked"] : [`余${free}个`, `${free} left`];
}

/** @type {Words} */
export const pleaseWait = ["请稍候…", "One moment…"];

/** The text in place of an unavailable block of the overview. @type {Words} */
export const blockUnavailable = ["此项暂时无法获取，恢复后自动显示", "Temporarily unavailable. It appears automatically."];

/** The same where nothing else names the block. @type {Record<string, Words>} */
export const namedUnavailable = {
  erasure: ["暂时无法获取是否有删除申请", "Whether a request to erase this record waits is temporarily unavailable."],
};

/** @type {Words} */
const networkWords = ["手机没有网络，连上后自动继续", "This phone is offline. This continues automatically when it is online."];

/** The status while an action has no answer yet. @returns {Words} */
export function retryingWords() {
  return navigator.onLine
    ? ["信号不好，正在重试，请勿关闭页面", "Bad signal, retrying. Please keep this page open."]
    : networkWords;
}

/** The status while content has not arrived yet. @returns {Words} */
export function waitingWords() {
  return navigator.onLine
    ? ["暂时无法获取，正在自动重试", "Temporarily unavailable. Retrying automatically."]
    : networkWords;
}

/** @type {Words} */
export const offlineWords = ["手机没有网络，请稍后再试", "This phone is offline. Try again later."];

/** @type {Words} */
export const unknownProblem = ["登记失败，请询问工作人员", "This failed. Please ask the staff."];

/** @param {Words} words */
export function joinWords(words) {
  return `${words[0]} ${words[1]}`;
}

/** The words of the server. @param {Bilingual} words @returns {Words} */
export function wordsOf({ zh, en }) {
  return [zh, en];
}

/** What must happen to clear a reason, and how far it is.
 * @param {Bilingual & {done?: number, of?: number}} clearing */
export function formatClearing({ zh, en, done, of }) {
  const far = of === undefined ? "" : ` · ${done}/${of}`;
  return joinWords([zh, `${en}${far}`]);
}
