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
  "already-registered": ["该证件已登记，请使用原手机或联系工作人员", "Already registered: use that phone or ask the staff"],
  malformed: ["信息有误，请核对", "Something is not filled in right"],
};

/** @type {Words} */
export const unknownProblem = ["登记失败，请询问工作人员", "It did not work: ask the staff"];

/** @param {Words} words */
export function both(words) {
  return `${words[0]} ${words[1]}`;
}
