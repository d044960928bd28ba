"""Word lists of Asian languages, from Turkish to Japanese; most have postpositions."""

from __future__ import annotations

from collections.abc import Mapping

from providers.text.languages.base import LanguageWords, after, words

ASIAN: Mapping[str, LanguageWords] = {
    "tr": LanguageWords(
        open=words("ve veya yahut ama fakat çünkü ancak eğer bir ıı ııı eee hmm şey"),
        leaning=words("ile için gibi kadar benim bu şu"),
        numbers=words(
            "sıfır bir iki üç dört beş altı yedi sekiz dokuz on yirmi otuz kırk elli altmış yetmiş seksen doksan yüz"
            " bin milyon virgül"
        ),
        common=words(
            "ben sen biz siz evet hayır var yok değil istiyorum lütfen teşekkürler merhaba tamam ne nerede"
            " nasıl numaram da de mi çok"
        ),
        alone=words("yani peki"),
        units=words("sıfır bir iki üç dört beş altı yedi sekiz dokuz"),
    ),
    "hi": LanguageWords(
        open=words("और या लेकिन मगर क्योंकि कि अगर यदि का की के ने मेरा मेरी मेरे आपका आपकी अं उम हम्म"),
        leaning=words("को में से पर तक तो मतलब जो"),
        numbers=words(
            "शून्य ज़ीरो एक दो तीन चार पाँच पांच छह छः छे सात आठ नौ दस ग्यारह बारह तेरह चौदह पंद्रह सोलह सत्रह अठारह"
            " उन्नीस बीस तीस चालीस पचास साठ सत्तर अस्सी नब्बे सौ हज़ार हजार लाख करोड़ डबल"
        ),
        common=words("मैं आप हम है हैं हूँ हूं हाँ हां नहीं जी क्या कैसे कब कहाँ नमस्ते धन्यवाद चाहिए नंबर नाम"),
        finished_after=after(दो="दे कर बता रख भेज बना करा दिखा", पर="वहाँ यहाँ"),
        units=words("शून्य ज़ीरो एक दो तीन चार पाँच पांच छह छः छे सात आठ नौ"),
    ),
    "ar": LanguageWords(
        open=words("و أو او لكن لأن إذا أن ثم اه امم ممم"),
        leaning=words("من إلى على في عن مع حتى يعني"),
        numbers=words(
            "صفر واحد اثنين اثنان ثلاثة أربعة اربعة خمسة ستة سبعة ثمانية تسعة عشرة عشر عشرين ثلاثين أربعين خمسين ستين"
            " سبعين ثمانين تسعين مئة مية ألف"
        ),
        common=words("أنا انا انت نعم لا هل ما شكرا مرحبا أريد رقمي هذا هو هي"),
        finished_after=after(من="هذا"),
        units=words("صفر واحد اثنين اثنان ثلاثة أربعة اربعة خمسة ستة سبعة ثمانية تسعة"),
    ),
    "ko": LanguageWords(
        open=words("그리고 하지만 그런데 근데 그래서 또는 만약 혹시 음 저기 그러니까"),
        leaning=words("제 저는 나는 제가 내가 번호는 이름은 전화번호는"),
        numbers=words(
            "영 공 일 이 삼 사 오 육 칠 팔 구 십 백 천 만 하나 둘 셋 넷 다섯 여섯 일곱 여덟 아홉 열 스물 서른 마흔 쉰"
            " 예순 일흔 여든 아흔"
        ),
        common=words("네 예 아니요 감사합니다 안녕하세요 뭐 어디 언제"),
        glue=words("영"),
        units=words("영 공 일 이 삼 사 오 육 칠 팔 구 하나 둘 셋 넷 다섯 여섯 일곱 여덟 아홉"),
    ),
    "ja": LanguageWords(
        open=words("を は が えーと えっと ええと あのー あの うーん その そして それと または でも しかし"),
        leaning=words("と へ に で から けど けれど ので 番号は"),
        numbers=words("ゼロ れい まる いち よん ろく なな はち きゅう 〇 零 一 二 三 四 五 六 七 八 九 十 百 千 万"),
        finished_after={
            "は": words("こんにち こんばん"),
            "と": words("ちょっ もっ きっ ずっ やっ ほん ひ あ"),
            "に": words("な ほんと 本当"),
            "で": words("なん"),
        },
        units=words("〇 零 一 二 三 四 五 六 七 八 九"),
        spaced=False,
    ),
    "zh": LanguageWords(
        open=words(
            "和 跟 与 或 或者 还有 但是 可是 不过 因为 所以 如果 然后 而且 以及 呃 額 但 還有 因為 我的 您的 你的"
        ),
        leaning=words("那个 那個 把 被 从 從 向 往 我想 我叫 号码是 電話是 电话是 名字是 號碼是 就是说"),
        numbers=words("零 〇 ○ 一 二 三 四 五 六 七 八 九 十 百 千 万 萬 亿 億 两 兩 幺"),
        finished_after={"一": words("唯 统 第")},
        units=words("零 〇 ○ 一 二 三 四 五 六 七 八 九 两 兩 幺"),
        spaced=False,
    ),
}
