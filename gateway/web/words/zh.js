// The pages' texts in Chinese. words/en.js has the same sections and keys.

/** The colours. */
export const colours = {
  green: "绿码",
  yellow: "黄码",
  red: "红码",
  unknown: "未知",
};

/** The verdicts of a door. */
export const verdicts = {
  pass: "请进",
  check: "请配合查验",
  refuse: "请勿进入",
};

/** What is still to be done at the door. */
export const checks = {
  temperature: "测量体温",
  document: "查验证件",
  full: "全面查验",
  manual: "人工核验",
};

/** Identity documents. */
export const documents = {
  "resident-id": "居民身份证",
  passport: "护照",
  "hk-macau-permit": "港澳居民来往内地通行证",
  "taiwan-permit": "台湾居民来往大陆通行证",
};

/** The names of the form fields. */
export const fieldNames = {
  name: "姓名",
  phone: "手机号码",
  document: "证件类型",
  number: "证件号码",
  symptoms: "目前症状",
  stays: "到过的其他地区",
  contacts: "接触过的其他地区人员",
};

/** The explanation of a refusal, by problem code. */
export const problems = {
  "venue-code-invalid": "场所码无效，请重新扫描",
  "venue-code-expired": "场所码已过期，请重新扫描屏幕",
  "venue-closed": "该场所已停用此码，请询问工作人员",
  "person-code-invalid": "本机登记已失效，很可能已换到另一部手机。如非本人操作，请询问工作人员",
  "person-erased": "此登记已删除，再次使用时请重新登记",
  "name-invalid": "请检查姓名",
  "phone-unsupported": "请填写中国大陆手机号码",
  "document-invalid": "证件号码有误，请核对",
  "document-unsupported": "此类证件请到人工窗口登记",
  "sms-code-needed": "请先获取短信验证码并填写",
  "sms-code-invalid": "验证码有误或已过期，请核对或重新获取",
  "face-needed": "请拍摄人脸照片",
  "face-mismatch": "人脸与证件不符，请正对镜头重新拍摄",
  "too-many": "该手机号操作过于频繁，请稍后再试",
  "registration-unavailable": "登记服务暂时不可用，请稍后再试",
  "already-registered": "该证件已登记，请使用原手机或联系工作人员",
  "key-generations-used": "该登记更换手机的次数已满，请联系工作人员",
  "idempotency-key-reused": "请再提交一次",
  "encoding-unsupported": "网络或浏览器改动了请求，请换网络或浏览器再试",
  malformed: "信息有误，请核对",
};

/** The same for a registered resident, where it differs. */
export const registeredProblems = {
  "document-unsupported": "此类证件请到人工窗口办理",
  "too-many": "今天次数已满或操作过于频繁，请稍后再试",
  "already-registered": "该证件已登记，请用对方的人员编号添加",
  "person-code-expired": "请核对手机时间",
  "token-invalid": "本机尚未登记，请先扫描场所码",
  "not-found": "没有找到，可能已被删除",
  "edit-not-green": "绿码时才能修改",
  "edit-quota": "今天的修改次数已用完，明天可再修改",
  "proxy-not-green": "绿码时才能代办，可请其他家人代办",
  "proxy-out-limit": "代办人数已满，请先解除一位",
  "proxy-in-limit": "该家人的代办人已满",
  "proxy-not-named": "请对方先在自己的页面“允许家人代办”中填写您的人员编号",
  "proxy-right": "本市不能代办此事，请本人办理",
  "person-unknown": "没有此人员编号，请核对",
  "fully-booked": "该时段已约满，请换一个时段",
  "booked-already": "当天已有预约，取消后可再约",
  "unit-unknown": "请从列表中选择社区或单位",
  "venue-unknown": "没有此场所，请核对",
  "arrival-closed": "此登记已报到或已过卡口，不能再改",
  "unit-needed": "请填写负责的社区或单位",
  "too-large": "内容过长，请缩短",
};

/** The reasons why a record is not erased yet. */
export const erasureReasons = {
  colour: "您的码不是绿码",
  case: "有一项调查涉及您",
  duty: "有事项尚未办结（报到、申诉或咨询）",
};

/** The classes of residence. */
export const classes = {
  permanent: "常住",
  temporary: "暂住",
  returning: "返回",
  arriving: "来访",
  courier: "货运、快递",
};

/** Symptoms. */
export const symptoms = {
  fever: "发热",
  "dry-cough": "干咳",
  cough: "咳嗽",
  fatigue: "乏力",
  breathless: "气促",
  respiratory: "其他呼吸道症状",
};

/** The risk of an area. */
export const risks = {
  low: "低风险",
  mid: "中风险",
  high: "高风险",
};

/** The area in which a certificate is valid. */
export const scopes = {
  city: "本市",
  province: "本省",
  country: "全国",
};

/** The directions of a check-in. */
export const directions = {
  in: "进入",
  out: "离开",
};

/** The names of values in answers. */
export const labels = {
  address: "地址",
  answer: "答复",
  areaCode: "地区：六位行政区划代码或两位国家代码",
  at: "时间",
  by: "查询人",
  clears: "预计解除时间",
  clearsBy: "解除条件",
  confirmed: "确认时间",
  due: "截止时间",
  erases: "预计删除时间",
  fromArea: "来自",
  id: "编号",
  issuer: "出具方",
  metOn: "接触日期",
  none: "无",
  office: "查询单位",
  person: "人员编号",
  purpose: "用途",
  reported: "报到时间",
  revealed: "查看联系方式",
  scope: "适用范围",
  sent: "提交时间",
  stayFrom: "到达日期",
  stayUntil: "离开日期（仍在当地可不填）",
  unit: "社区或单位",
  until: "有效期至",
  waitsFor: "等待原因",
  window: "查询时段",
};

/** The texts of a booking's choices before they are made. */
export const placeholders = {
  district: "全市",
  site: "请选择采样点",
  about: "选择后显示地址和开放时间",
  slot: "请选择时段",
  unit: "请选择社区或单位",
};

/** The texts of empty lists. */
export const emptyLists = {
  sites: "目前没有开放的采样点，请稍后再看",
  slots: "这天没有可约的时段，请换一天或换一个采样点",
  bookings: "暂无预约，可在上面预约",
};

/** The state of a page or of one of its parts. */
export const status = {
  pleaseWait: "请稍候…",
  retrying: "信号不好，正在重试，请勿关闭页面",
  waiting: "暂时无法获取，正在自动重试",
  network: "手机没有网络，连上后自动继续",
  offline: "手机没有网络，请稍后再试",
  blockUnavailable: "此项暂时无法获取，恢复后自动显示",
  erasureUnavailable: "暂时无法获取是否有删除申请",
  unknownProblem: "登记失败，请询问工作人员",
  unknownReason: "原因正在更新",
  notDone: "未能完成，请拨打咨询电话",
  replaced: "已换到本机，原来手机上的健康码和纸质通行证已失效",
  keyEnded: "此人的码在本机已失效，请在“家人”中重新获取",
  clearing: "前往办理",
  empty: "暂无",
  fullyBooked: "已约满",
  freeSlots: "余{free}个",
  hotline: "咨询电话 {number}",
  checkingIn: "正在登记…",
  registering: "正在登记…",
  opening: "正在打开…",
};

/** The questions and buttons of forms. */
export const forms = {
  sendingCode: "正在发送…",
  codeSent: "验证码已发送，请查看短信",
  codeAgain: "{left} 秒后可再次获取",
  askSymptoms: "目前有这些症状吗（没有不适就不用勾选）",
  askStays: "14天内到过其他地区吗",
  askContacts: "14天内接触过其他地区的人员吗",
  addStay: "添加到过的地区",
  addContact: "添加接触",
  remove: "删除",
  myself: "本人",
};

/** The resident's own page. */
export const resident = {
  answered: "✓ 已答复",
  answerOverdue: "⚠ 超时未答复，可拨打咨询电话",
  answerPending: "… 待答复",
  inquirySent: "已提交，编号 {id}",
  statementUpdated: "已更新，以这次填写为准",
  cancelBooking: "取消预约",
  cancelled: "已取消",
  booked: "已预约，请按时前往",
  reportProgress: "健康打卡 {reported}/{needed} 天",
  dependantAdded: "已添加，可在页面上方选择亮码",
  guardianAllowed: "已允许，对方现在可以用您的人员编号添加您",
  showColour: "查看颜色",
  upToDate: "已更新",
  showHere: "在本机亮码",
  removeDependant: "解除代办",
  done: "已解除",
  correct: "更正",
  correctAbove: "请在上面的表格中更正后提交",
  arrivalOverdue: "⚠ 已逾期，请立即报到",
  arrivalReported: "✓ 已报到",
  arrivalReportedLate: "✓ 已报到（逾期）",
  arrivalPassed: "✓ 已过卡口",
  arrivalNoReport: "✓ 无需报到",
  arrivalPending: "… 待报到",
  reportArrival: "已报到",
  arrivalRecorded: "报到已记录",
  withdrawArrival: "撤回登记",
  withdrawn: "已撤回",
  arrivalRegistered: "已登记",
  arrivalCorrected: "已更正",
  confirmDeclaration: "内容属实，确认提交",
  confirmed: "已确认",
  draftSaved: "草稿已保存，请在下面核对并确认",
  draft: "草稿，尚未生效",
  declarationConfirmed: "✓ 已确认",
  toDate: "至今",
  noChanges: "没有改动",
  changed: "已修改",
  keepRecord: "撤回申请，保留登记",
  takenBack: "申请已撤回",
  erased: "已删除",
  erasesAfterReasons: "以上原因全部消除以后",
  erasureWaiting: "… 已申请删除登记，等待中",
  erasureWaitsFor: "已申请，但现在不能删除：{reasons}。原因消除后自动删除；可在总览中撤回",
  erasureWaitsUntil: "已申请，但现在不能删除：{reasons}。{at}以后自动删除；可在总览中撤回",
  nextCode: "{seconds} 秒后换新码",
  asOf: "截至 {at}",
  notUpdated: "{at} 以后未能更新，正在重试",
  certificateText: "证明全文",
  certificateQr: "健康证明二维码",
  copy: "复制",
  copied: "已复制",
  selected: "已选中，请长按复制",
  showCertificate: "出示健康证明",
  certificateNeedsGreen: "绿码时才能开具",
  certificateBelow: "证明如下",
  reportCounted: "今天的打卡已计入{far}",
  reportReceived: "已收到；今天已有一次打卡计入{far}",
};

/** The check-in page. */
export const checkInPage = {
  waited: "已等待 {seconds} 秒",
  together: "为{name}一起登记",
  cameTogether: "{name} 已登记",
  leftAt: "已离开",
  leave: "离开登记",
  receipt: "登记凭据",
  receiptId: "凭据号",
  again: "再次登记",
  againQuestion: "您已在此登记。要再登记一次吗？",
  companions: "同行家人",
  leaving: "正在登记离开…",
  queued: "排队中，约 {seconds} 秒后自动重试",
};

/** The form of the check-in page. */
export const checkInForm = {
  firstRegistration: "首次登记",
  name: "姓名",
  mobileNumber: "手机号码",
  sendACodeToThis: "获取短信验证码",
  codeFromTheTextMessage: "短信验证码",
  documentType: "证件类型",
  documentNumber: "证件号码",
  pictureOfYourFace: "人脸照片",
  next: "下一步",
  pleaseCheckYourDetails: "请核对信息",
  confirmAndCheckIn: "确认提交并进入",
  goBackAndCorrect: "返回修改",
  myHealthCodeReasonsFamily: "我的健康码",
  tryAgain: "再试一次",
  askAQuestionOrReport: "咨询、反馈问题",
  title: "扫码登记",
  at: "登记时间",
};

/** The foot of every page. */
export const foot = {
  enableScript: "请开启浏览器的 JavaScript，或请工作人员登记。",
  reopening: "页面没有完整打开，约 {seconds} 秒后自动重试",
  larger: "长辈版",
  language: "语言",
  hotlineAsk: "咨询、反馈问题",
  languageBoth: "中英",
};

/** The headings and forms of the resident's own page. */
export const mePage = {
  theHealthCodeOnThis: "这张登记单上的健康码将保存在本机。请确认登记单是本人或所照顾家人的。",
  thisPhoneHasTheHealth: "本机已有另一人的健康码，将被替换。",
  thisPhoneIsNotRegistered: "本机尚未登记。请用手机相机扫描门口的场所码，在打开的页面登记一次。",
  yourPersonIdGiveIt: "本人的人员编号，添加家人或允许家人代办时告诉对方：",
  yourNamePhoneDocumentColour: "将删除您的姓名、手机号码、证件、颜色和登记记录，本机及纸质通行证不能再使用。",
  myHealthCode: "我的健康码",
  storeOnThisPhone: "保存到本机",
  cancel: "取消",
  showCode: "亮码",
  whoseCode: "显示谁的码",
  overview: "总览",
  notices: "疫情通告",
  provincesHealthCode: "省健康码",
  travelHistoryDays: "14天行程",
  riskAreas: "风险地区",
  policyOfThisCity: "本市政策",
  rulesForEachColour: "赋码规则",
  reasons: "原因",
  whoAccessedMyCheckIns: "谁查过我的行踪",
  recentCheckIns: "最近的登记",
  dailyHealthReport: "健康打卡",
  reportFor: "为谁打卡",
  temperatureInCOptional: "体温（℃，没有体温计可不填）",
  symptomsLeaveEmptyIfYou: "症状（没有不适就不用勾选）",
  submitReport: "提交打卡",
  myReports: "我的打卡",
  family: "家人",
  addAFamilyMemberWithout: "添加没有手机的家人",
  name: "姓名",
  documentType: "证件类型",
  documentNumber: "证件号码",
  add: "添加",
  addARegisteredFamilyMember: "添加已登记的家人",
  theirPersonId: "对方的人员编号",
  letFamilyActForYou: "允许家人代办",
  theFamilyMembersPersonId: "家人的人员编号，允许后对方可以亮您的码",
  allow: "允许",
  declarations: "申报",
  whatYouDeclare: "申报内容",
  saveDraft: "保存草稿",
  updateWhatYouDeclaredAbout: "更新健康情况申报",
  update: "更新",
  arrivalInTheCity: "入城登记",
  registerFor: "为谁登记",
  fromSixDigitAreaCode: "来自：六位行政区划代码（武汉 420100）或两位国家代码（日本 JP）",
  timeOfArrival: "到达时间",
  theCommunityOrEmployerResponsible: "负责的社区或单位",
  register: "登记",
  bookATest: "核酸检测预约",
  bookFor: "为谁预约",
  district: "区域",
  testSite: "采样点",
  day: "日期",
  time: "时段",
  book: "预约",
  bookings: "预约记录",
  appeals: "申诉",
  whyYourColourIsWrong: "为什么颜色不对",
  submitAppeal: "提交申诉",
  questions: "咨询",
  yourQuestion: "您的问题",
  submit: "提交",
  personalDetails: "资料",
  mobileNumber: "手机号码",
  typeOfResidence: "人员类别",
  sendACodeToThis: "获取短信验证码",
  codeFromTheTextMessage: "短信验证码",
  pictureOfYourFace: "人脸照片",
  change: "修改",
  certificateForOtherCities: "健康证明",
  eraseMyRecord: "删除登记",
  askAQuestionOrReport: "咨询、反馈问题",
  codeQr: "健康码二维码，请对准扫码设备",
  confirmErasure: "我确认删除，不能恢复",
};

/** The first page. */
export const homePage = {
  scanTheCodeAtThe: "请用手机相机扫描门口的场所码。",
  myHealthCodeReasonsFamily: "我的健康码",
  apiReferenceOpenapi: "接口说明",
  askAQuestionOrReport: "咨询、反馈问题",
  subtitle: "场所码登记",
};

/** The page for an address without one. */
export const unknownPage = {
  scanTheCodeAtThe: "请再扫描门口的场所码。",
  thereIsNoSuchPage: "没有这个页面",
  myHealthCodeReasonsFamily: "我的健康码",
  askAQuestionOrReport: "咨询、反馈问题",
};

/** The screen at a door. */
export const door = {
  title: "门口显示屏",
  invitation: "请用手机相机扫码登记",
  doorNumber: "{number} 号门",
  nextCode: "{seconds} 秒后换新码",
  state: "显示屏状态",
  noScript: "请开启浏览器的 JavaScript。",
  unsigned: "此显示屏尚未登录",
  ended: "登录已到期",
  refused: "登录已失效",
  roleWrong: "此登录不能用于门口显示屏",
  venueClosed: "该场所已停用，暂停扫码登记",
  venueUnknown: "没有此登录所属的场所",
  waiting: "正在获取门口码",
  clockLost: "本机时钟已被重置，暂时无法生成门口码",
  askForLink: "请管理员用 gateway token --link 生成新的登录链接，并在此设备上打开。",
  askStaff: "请询问工作人员。",
  neverReached: "自打开以来还没有连上服务器，正在重试",
  connecting: "正在连接服务器",
  linkUp: "已连接服务器，上次联系 {at}",
  linkDown: "连接中断，正在重试，门口码仍然有效。上次联系 {at}",
  clockUnchecked: "时钟尚未与服务器核对",
  clockAgrees: "时钟与服务器一致",
  clockFast: "本机时钟快 {seconds} 秒，已按服务器校正",
  clockSlow: "本机时钟慢 {seconds} 秒，已按服务器校正",
  tokenEnds: "登录有效期至 {at}",
  tokenEndsSoon: "登录将于 {at} 到期，请尽快换新的登录链接",
  mayDarken: "此浏览器不能保持屏幕常亮，请在系统设置中关闭自动熄屏",
};

/** The staff terminal at a door. */
export const terminal = {
  title: "查验终端",
  starting: "正在启动。如果没有反应，请开启浏览器的 JavaScript",
  askLink: "请向管理员索取本门的登录链接，并在本机打开",
  tokenEnded: "登录已到期，请索取新的登录链接",
  tokenRefused: "登录已被撤销或无效，请索取新的登录链接",
  otherRole: "此链接不是查验终端的，请索取终端的登录链接",
  place: "岗位",
  door: "{n}号门",
  endsAt: "登录有效至",
  signOut: "退出登录",
  result: "结果",
  scan: "扫码",
  direction: "方向",
  goingIn: "进入",
  goingOut: "离开",
  scanned: "扫描或输入健康码、通行证、健康证明",
  take: "登记",
  waitForAnswer: "上一位还没有结果，请稍候再扫",
  decideFirst: "请先选择上一位是否放行",
  textVenue: "这是场所码，请扫描对方的健康码",
  textSheet: "这是领取健康码的登记单，请对方用自己的手机扫描",
  textSignIn: "这是登录链接，请用手机相机打开",
  textUnknown: "无法识别，请再扫一次",
  cameraButton: "摄像头扫码",
  cameraPicture: "摄像头画面",
  cameraStarting: "正在打开摄像头…",
  cameraOn: "请将二维码对准摄像头",
  cameraOff: "摄像头已关闭",
  cameraDenied: "没有使用摄像头的权限，请在浏览器设置中允许。扫码枪和输入仍可使用",
  cameraMissing: "没有找到可用的摄像头。扫码枪和输入仍可使用",
  cameraUnreadable: "此浏览器无法识别二维码。扫码枪和输入仍可使用",
  groupButton: "有同行人",
  groupOpen: "请依次扫描每个人的码，先扫持码人",
  groupCount: "已扫{n}人",
  groupFinish: "登记这些人",
  groupCancel: "取消",
  groupRepeated: "此码已扫过。",
  groupCodesOnly: "同行人只能用健康码。",
  groupFull: "同行人最多{n}位。",
  visitor: "外地健康证明，请核对证件",
  announced: "已预先登记到达",
  stillOpen: "还需",
  checksTitle: "查验",
  checksAbout: "体温记在持码人名下",
  temperature: "体温（℃）",
  measured: "记录体温",
  temperatureWrong: "请填写30至45之间的体温，例如36.6",
  documentShown: "证件已核",
  fullCheck: "已全面查验",
  checkUnsent: "没有送到，请再点选一次",
  codeOver: "此码已换新，请再扫对方当前的码，然后重新点选查验",
  decide: "没有网络。请按规定查验后选择",
  entered: "已放行",
  refused: "未放行",
  keptEntered: "离线登记：已放行",
  keptRefused: "离线登记：未放行",
  queueFull: "离线记录已满（{n}条），此人未登记。请用纸笔登记，并尽快连网",
  queue: "离线记录",
  queueCount: "待送出 {n} 条",
  queueOthers: "另有 {n} 条属于其他场所，在那里登录后送出",
  queueWaits: "连上网络后自动送出",
  queueAnswered: "已送出 {n} 条",
  lineRefused: "未收",
  settings: "设置",
  sound: "声音",
};

/** The word of each state on the terminal's card. */
export const terminalStates = {
  ready: "请扫码",
  sending: "请稍候",
  pass: "放行",
  check: "查验",
  refuse: "拒入",
  unknown: "人工核验",
  problem: "未登记",
  offline: "离线",
};

/** Why the terminal could not record a person, by problem code. */
export const terminalProblems = {
  "person-code-expired": "此码已过期，请扫描对方当前的码",
  "person-code-invalid": "此码无效，请对方重新登记或核对证件",
  "person-erased": "此登记已删除，请对方重新登记",
  "venue-code-invalid": "本终端的场所不存在，请联系管理员",
  "venue-closed": "本场所已停用，请联系管理员",
  "certificate-untrusted": "本市不接受此健康证明，请按规定查验",
  "too-many": "此人登记过于频繁，请稍后再扫",
  malformed: "无法登记，请再扫一次",
};
