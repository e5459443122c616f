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
export const fields = {
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

/** @type {Words} */
export const offline = ["手机没有网络，请稍后再试", "This phone is offline: try again when it is back"];

/** @type {Words} */
export const unknownProblem = ["登记失败，请询问工作人员", "It did not work: ask the staff"];

/** @param {Words} words */
export function both(words) {
  return `${words[0]} ${words[1]}`;
}
