"""Which Chinese characters are common, as tiers of a unigram model (used to tell encodings apart)."""

from functools import cache

# Ordered by how often a character occurs in general Chinese text; the first 300 make up 60 % of it.
_FREQUENT = (
    "一是人了不在有大中国和为这上他个地年来我会以到时要出的生学说道民家子也成行下们于后就发自之"
    "对得主长可过天作分方用多你着部能市等业全里工公经本都而高政法面门动日进区事代那去心小同北定"
    "开产前其军还然起种所如现理机体表力好外与文当两实重新三么只山水关明从化平建又制南内西没此将"
    "员名手最东头者月间无安看见各城十相但已些正口通想度加第她合院物性战由位常点海意场武使次二向"
    "治因立数样身情入原问把路被并利石老教万知级量任江及应省资委务元美特期世湖回系比气汉总展电科"
    "金先声提品设或义王社很统处四首共马形己儿司太目基领队直计别女权话少流命至报米给打变果书清活"
    "几州华解议更称程今决张导术府才保交放管结师便走达族反再题色五京河接条规式县白它改风光运信受"
    "什组听布百济党指论强做取技黄神选记斯真却职号界件花类何眼兵传带空干农边据集联古广完质阳难增"
    "历史专官每住商即步认车台林必死游举线言皇土团收考求德叫近备研争非具李众连调感转笑革该持始英"
    "克士尔让拉思根格造较际亲单朝红型价校约器字段周亚深候则功属积快图火千准究往极育装许参半令吃"
    "观鱼精办像帝八复影告远群包整构料随划算象容示投势热值夫网望源息语股铁断派速怎需片爱律纪支早"
    "况病境证编越局推满且列觉服双未居除乐企引标确织初青志率项飞球节察龙响药站施均消客失轻存低甚"
    "般击曾防请离落显罗营足素视护副食创余照兴占巴虽洲村费易试星木黑左宝置跟央识维采六底宫房音环"
    "案批切斗富乡另倒若按查故突责严桥模仅胜杀围席态破承招杨负层须父供续状域似依银范修找九致密终"
    "血旅钱赛独细效玉冲获习医演毛尽脸弹楼艺航陆右协七攻镇检写苏宗章注阿抗弟坐验封紧劳户优财养适"
    "陈喜卫排射哥油刻留急降念云微伤例景拿绝阶座刘刚害印亿沙母酒助闻超审待压升送监策略限竟香配藏"
    "敌呢差仍兰温园树征善波哪词岛止预怕继皮执味份角草男普答益谁船惊核街夏宣掌田久著画辑奇尼剑吧"
    "谈背免孩礼材愿洋春架筑括晚乱乎讲尚良友临激刀夜室既敢邦挥昌板胡欧福港叶简苦担句岁荆贵娘守辖"
    "威宜衣帮块堂额错剧充欢够孙班呼阵销坚练脚退读测吴希宁换版异某顾曲楚典朱毒菜判救宋茶洪含顺啊"
    "鲜败货矿端兄归冷忙买险康评肉吗厂永哈沉散遗停笔假输牛洞松渐顶训录否述毕督控丰献姑忽爷互亮纳"
    "绩偏措拨垫缴耗拟碳"
)
# The traditional forms that differ from the simplified ones and are as common.
_FREQUENT_TRADITIONAL = (
    "這個們來時國為會說對學過後發還經動現開實關業門問間長見產進種應當電機無從題點體數樣條軍員總"
    "與義結構術農級聽話統計績預項執標價質費額資萬億單財務歲歷書錄請處設評專絕況線組織給網運達選"
    "邊連車輛輸較輕轉變讓認議論護譯識讀課調談證訓記許詢負責貢貨貿購賣賽贈趙隊陽階際隨雖難雲靈靜"
    "頁順須領頭願類顯風飛飯館馬驗驚鬥魚鳥麗黃齊齡龍參報幣帶幫廠廣庫張強彈態愛戰擔據擇擊擴攝敵斷"
    "於極樓樂歐歡殺決沒減溫滿漢濟灣災爭爾獲獨獎環畢畫異療監盡確禮稱穩競筆節範簡糧約紅純紙細終絡"
    "維編緊縣縮縱繼續罷羅習聯職腦臉興舉舊蘇號蟲補製複覺規親觀觸訂訊討託訴詞試詩該詳誤誰諸謝講謀"
    "蓋適遷遠遲遺郵鄉鄧醫釋鎮針鋼銀銷錢錯鐵鍵閉閱闊陸陳陰雙雜離靠韓響頂頻顆顧餘駐騎驅黨傳傷僅優"
    "償儲兒內兩凍創剛劃劇劉劍勞勢勝區協卻厲吳啟喪嚴圍園圖團堅場塊墊壓壞夠夢奪奮妝婦媽孫寧寶寫將"
    "尋導層屬島嶺師帳幹廢廳彙徑復恆惡惱慶憂憑懷懸戶掃掛採揚換損搶擬攜擺擾攔敗曆暫權殘毀氣"
)
_MOST_FREQUENT = 300


def _rows(codec: str, lead: range, trail: tuple[range, ...]) -> str:
    """Return the characters of a rectangle of a two-byte code."""
    pairs = bytes(value for high in lead for part in trail for low in part for value in (high, low))
    return pairs.decode(codec, errors="ignore")


@cache
def han_costs() -> dict[str, float]:
    """Return character -> cost in nats (minus the logarithm of its share in Chinese text).

    Common means level 1 of GB 2312 (rows 16 to 55, 3,755 characters chosen by use) or of Big5 (A440 to C67E).
    Characters that are not in the mapping are rare.
    """
    level2 = _rows("gb2312", range(0xD8, 0xF8), (range(0xA1, 0xFF),))
    big5 = _rows("big5", range(0xA4, 0xC7), (range(0x40, 0x7F), range(0xA1, 0xFF)))
    level1 = _rows("gb2312", range(0xB0, 0xD8), (range(0xA1, 0xFF),))
    costs = dict.fromkeys(level2, 13.3)
    costs.update(dict.fromkeys(big5, 11.5))
    costs.update(dict.fromkeys(level1, 10.6))
    costs.update(dict.fromkeys(_FREQUENT_TRADITIONAL, 8.5))
    costs.update(dict.fromkeys(_FREQUENT[_MOST_FREQUENT:], 8.0))
    costs.update(dict.fromkeys(_FREQUENT[:_MOST_FREQUENT], 6.2))
    return costs
