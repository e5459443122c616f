// What the page says, in Chinese first and English after it.

/** @typedef {[string, string]} Words Chinese, English. */

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
  temperature: ["测量体温", "temperature"],
  document: ["查验证件", "document"],
  full: ["全面查验", "full check"],
  manual: ["人工核验", "by hand"],
};

/** Identity documents. @type {Record<string, Words>} */
export const documents = {
  "resident-id": ["居民身份证", "Resident identity card"],
  passport: ["护照", "Passport"],
  "hk-macau-permit": ["港澳居民来往内地通行证", "Hong Kong and Macau permit"],
  "taiwan-permit": ["台湾居民来往大陆通行证", "Taiwan permit"],
};

/** What was entered, by name. @type {Record<string, Words>} */
export const fieldNames = {
  name: ["姓名", "Name"],
  phone: ["手机号码", "Mobile phone"],
  document: ["证件类型", "Document"],
  number: ["证件号码", "Number"],
};

/** Lines of a tick, an exclamation mark, a cross and a question mark. @type {Record<string, string>} */
export const shapes = {
  green: "M20 55 L42 77 L82 27",
  yellow: "M50 15 V62 M50 82 V84",
  red: "M22 22 L78 78 M78 22 L22 78",
  unknown: "M30 35 A20 20 0 1 1 55 53 Q50 57 50 66 M50 84 V86",
};

/** What a refused request means to a person, by problem code. @type {Record<string, Words>} */
export const problems = {
  "venue-code-invalid": ["场所码无效，请重新扫描", "This venue code is not valid: scan it again"],
  "venue-code-expired": ["场所码已过期，请重新扫描屏幕", "This code has expired: scan the screen again"],
  "venue-closed": ["该场所已停用此码，请询问工作人员", "This venue's code was withdrawn: ask the staff"],
  "person-code-invalid": ["本机登记已失效，请重新登记", "This phone's registration has ended: register again"],
  "name-invalid": ["请检查姓名", "Please check the name"],
  "phone-unsupported": ["请填写中国大陆手机号码", "A mainland mobile number is needed"],
  "document-invalid": ["证件号码有误，请核对", "The document number has a mistake"],
  "document-unsupported": ["此类证件请到人工窗口登记", "Register at a staffed counter with this document"],
  "sms-code-needed": ["请先获取短信验证码并填写", "Get a code by text message and type it in"],
  "sms-code-invalid": ["验证码有误或已过期，请核对或重新获取", "The code is wrong or old: check it or get another"],
  "face-needed": ["请拍摄人脸照片", "Take a picture of your face"],
  "face-mismatch": ["人脸与证件不符，请正对镜头重新拍摄", "Face and document do not match: take another picture"],
  "too-many": ["该手机号操作过于频繁，请稍后再试", "Too many tries with this phone: try later"],
  "registration-unavailable": ["登记服务暂时不可用，请稍后再试", "Registering does not work now: try again in a moment"],
  "already-registered": ["该证件已登记，请使用原手机或联系工作人员", "Already registered: use that phone or ask the staff"],
  malformed: ["信息有误，请核对", "Something is not filled in right"],
};

/** What differs where somebody is registered, by problem code. @type {Record<string, Words>} */
const registeredProblems = {
  ...problems,
  "person-code-invalid": ["本机登记已失效，请扫描场所码重新登记", "This phone's registration has ended: scan a venue's code to register"],
  "person-code-expired": ["请核对手机时间", "Check this phone's clock"],
  "token-invalid": ["本机尚未登记，请先扫描场所码", "This phone is not registered: scan a venue's code first"],
  "not-found": ["没有找到，可能已被删除", "There is no such thing, or no longer"],
  "too-many": ["今天次数已满或操作过于频繁，请稍后再试", "Too often for today, or too quickly: try later"],
  "edit-not-green": ["绿码时才能修改", "This can be changed while the code is green"],
  "edit-quota": ["今天的修改次数已用完，明天可再修改", "Today's changes are used up: it can be changed again tomorrow"],
  "proxy-not-green": ["绿码时才能代办，可请其他家人代办", "Only while green: somebody else of the family may do it"],
  "proxy-out-limit": ["代办人数已满，请先解除一位", "As many as one may have: leave one first"],
  "proxy-in-limit": ["该家人的代办人已满", "They have as many to act for them as they may have"],
  "proxy-not-named": ["请对方先在自己的页面“允许家人代办”中填写您的人员编号", "They must first enter your person id on their own page, under “Let family act for you”"],
  "proxy-right": ["本市不能代办此事，请本人办理", "This cannot be done for others here: they may do it themselves"],
  "person-unknown": ["没有此人员编号，请核对", "There is no such person: check the id"],
  "fully-booked": ["该时段已约满，请换一个时段", "This time is full: choose another"],
  "booked-already": ["当天已有预约，取消后可再约", "There is a booking for that day already: cancel it first"],
  "unit-needed": ["请填写负责的社区或单位", "Name the community or employer that answers for you"],
  "document-unsupported": ["此类证件请到人工窗口办理", "Come to a staffed counter with this document"],
  "already-registered": ["该证件已登记，请用对方的人员编号添加", "Already registered: add them by their person id"],
  "too-large": ["内容过长，请缩短", "That is too long: make it shorter"],
};

/** What was not done means to who is registered. @param {{body: any}} answer @returns {Words} */
export function problemWords(answer) {
  return registeredProblems[answer.body.code] ?? ["未能完成，请拨打咨询电话", "It did not work: call the city's number"];
}

/** How somebody belongs to the city. @type {Record<string, Words>} */
export const classes = {
  permanent: ["常住", "Lives here"],
  temporary: ["暂住", "Here for a while"],
  returning: ["返回", "Coming back"],
  arriving: ["来访", "Arriving"],
  courier: ["货运、快递", "Driver or courier"],
};

/** @type {Record<string, Words>} */
export const symptoms = {
  fever: ["发热", "Fever"],
  "dry-cough": ["干咳", "Dry cough"],
  breathless: ["气促", "Short of breath"],
  respiratory: ["其他呼吸道症状", "Other respiratory symptoms"],
};

/** @type {Record<string, Words>} */
export const risks = {
  low: ["低风险", "Low risk"],
  mid: ["中风险", "Medium risk"],
  high: ["高风险", "High risk"],
};

/** How far a certificate holds. @type {Record<string, Words>} */
export const scopes = {
  city: ["本市", "This city"],
  province: ["本省", "This province"],
  country: ["全国", "The country"],
};

/** @type {Record<string, Words>} */
export const directions = { in: ["进入", "In"], out: ["离开", "Out"] };

/** What members of answers are called. @type {Record<string, Words>} */
export const labels = {
  address: ["地址", "Address"],
  answer: ["答复", "Answer"],
  at: ["时间", "Time"],
  by: ["查询人", "By"],
  clears: ["预计解除时间", "Clears at"],
  clearsBy: ["解除条件", "Clears"],
  confirmed: ["确认时间", "Confirmed"],
  due: ["截止时间", "Due"],
  fromArea: ["来自", "From"],
  id: ["编号", "Id"],
  issuer: ["出具方", "Issued by"],
  person: ["人员编号", "Person id"],
  purpose: ["用途", "Purpose"],
  reported: ["报到时间", "Reported"],
  scope: ["适用范围", "Holds in"],
  sent: ["提交时间", "Sent"],
  unit: ["社区或单位", "Community or employer"],
  until: ["有效期至", "Until"],
  window: ["查询时段", "Of the time"],
};

/** What a link by a reason is for. @type {Words} */
export const clearingWords = ["前往办理", "Do what clears it"];

/** @type {Words} */
export const emptyWords = ["暂无", "None"];

/** What a booking's choices say before they are made. @type {Record<string, Words>} */
export const placeholders = {
  district: ["全市", "The whole city"],
  site: ["请选择采样点", "Choose a test site"],
  about: ["选择后显示地址和开放时间", "Its address and hours are shown here"],
  slot: ["请选择时段", "Choose a time"],
};

/** What is said where there are none to choose or to show. @type {Record<string, Words>} */
export const emptyListWords = {
  sites: ["目前没有开放的采样点，请稍后再看", "No test site is open now: look again later"],
  slots: ["这天没有可约的时段，请换一天或换一个采样点", "No places that day: choose another day or site"],
  bookings: ["暂无预约，可在上面预约", "No bookings: book above"],
};

/** How many places a time has left. @param {number} free @returns {Words} */
export function freeSlotWords(free) {
  return free === 0 ? ["已约满", "Full"] : [`余${free}个`, `${free} left`];
}

/** @type {Words} */
export const pleaseWait = ["请稍候…", "One moment…"];

/** What stands where a block of the overview cannot be had. @type {Words} */
export const blockUnavailable = ["此项暂时无法获取，恢复后自动显示", "This cannot be had now; it comes by itself"];

/** @type {Words} */
const networkWords = ["手机没有网络，连上后自动继续", "This phone is offline: it goes on by itself when it is back"];

/** What goes on while something that a person does gets no answer. @returns {Words} */
export function retryingWords() {
  return navigator.onLine
    ? ["信号不好，正在重试，请勿关闭页面", "Bad signal: keeping trying, please stay on this page"]
    : networkWords;
}

/** What goes on while something that is to be shown does not come. @returns {Words} */
export function waitingWords() {
  return navigator.onLine
    ? ["暂时无法获取，正在自动重试", "This cannot be had just now: trying again by itself"]
    : networkWords;
}

/** @type {Words} */
export const offlineWords = ["手机没有网络，请稍后再试", "This phone is offline: try again when it is back"];

/** @type {Words} */
export const unknownProblem = ["登记失败，请询问工作人员", "It did not work: ask the staff"];

/** @param {Words} words */
export function joinWords(words) {
  return `${words[0]} ${words[1]}`;
}
