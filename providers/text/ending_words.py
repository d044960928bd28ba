"""Words that leave a sentence unfinished, and number words, in the languages that the engines know.

The unfinished ones are closed word classes: articles, conjunctions, prepositions, fillers. A word is left out where
people also end sentences with it: German "das" and "an", Dutch "dat", French "que" as a question, Spanish "sí" written
without its accent. Postpositions stand for prepositions in Hindi, Turkish, Japanese and Korean.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["LANGUAGES", "LanguageWords"]


@dataclass(frozen=True, slots=True)
class LanguageWords:
    """What one language's endings are made of; all lower case."""

    open: frozenset[str]
    """Words that no sentence ends with, whatever mark stands behind them: "the", "and", "um"."""
    leaning: frozenset[str]
    """Words that rarely end a sentence, and may where a mark says so: "to", "for", "from"."""
    numbers: frozenset[str]
    """Words of a number that may go on; "un", which is an article as well, counts behind another number."""
    common: frozenset[str] = frozenset()
    """Frequent words that only tell the language."""
    glue: frozenset[str] = frozenset()
    """What joins number words into one ("einundzwanzig"); empty where they are written apart."""
    alone: frozenset[str] = frozenset()
    """Words that open a sentence when they are all that was said: "so", "well"."""
    finished_after: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Exceptions: a word of the classes above is an ordinary one behind these ("come in", "this one")."""
    spaced: bool = True
    """False where words are not separated: endings are compared instead of words."""


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


def _after(**exceptions: str) -> dict[str, frozenset[str]]:
    return {word.rstrip("_"): _set(before) for word, before in exceptions.items()}


_BE_AFTER = "it that this he she there here what who how they we you which these those i where yes so"
_PARTICLE_AFTER = (
    "come comes coming came go goes going went hold hang log logged logging sign signed check checked move moved turn"
    " turned put it them that this plug plugged fill filled get got carry keep bring brought stay drop dropped pass"
)

LANGUAGES: Mapping[str, LanguageWords] = {
    "en": LanguageWords(
        open=_set(
            "the a an my your our their and or but nor because although unless if whether than"
            " um uh uhm umm uhh erm er hmm hm i we they i'm i'll i've i'd we're we'll we've we'd you're you've you'll"
            " you'd they're they'll they've he's she's it's that's there's here's what's who's where's let's"
            " gonna wanna gotta"
        ),
        leaning=_set(
            "to for of from with at by as into onto about between during against without within per via towards upon"
            " in on is are was were he she until since while where's every"
        ),
        numbers=_set(
            "zero oh one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen"
            " seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand"
            " million billion double triple point"
        ),
        common=_set(
            "you it yes no not okay ok please me do don't does can can't could will would should have had has need want"
            " call what when where how this that these good thanks thank hello hi bye right sure like know get number"
            " name time day today tomorrow just be been am so well us him her them all who which why"
            " car van son pour sin die pod pro con den men man date fast mine also tell said did order"
        ),
        alone=_set("so well like oh"),
        finished_after={
            **dict.fromkeys(("is", "are", "was", "were"), _set(_BE_AFTER)),
            **dict.fromkeys(("in", "on"), _set(_PARTICLE_AFTER)),
            "one": _set(
                "this that no any some every each which the other another right wrong good first last only new old big"
                " small someone my your next same nice"
            ),
            "about": _set("it that this what think talk talking"),
            "point": _set("the a good this that what's no my your some"),
            "i": _set("do am can will did have so nor neither should could would was"),
            "we": _set("do are can will did have so should could would were"),
        },
    ),
    "de": LanguageWords(
        open=_set(
            "und oder aber denn weil dass daß wenn ob sondern sowie falls obwohl sobald bevor nachdem"
            " dem des eine einen einem eines mein meinen meinem dein deinen unser unseren kein keinen"
            " äh ähm öh öhm hm hmm tja"
        ),
        leaning=_set(
            "der die den ein einer meine ihre ihren mit von vom zum zur für bei beim in im ins am ohne gegen"
            " zwischen seit wegen bis pro als wie um"
        ),
        numbers=_set(
            "null ein eins zwei zwo drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn"
            " sechzehn siebzehn achtzehn neunzehn zwanzig dreißig dreissig vierzig fünfzig sechzig siebzig achtzig"
            " neunzig hundert tausend million komma doppel"
        ),
        common=_set(
            "ich du er sie es wir ihr ja nein nicht ist sind war bin habe haben hat kann können möchte will würde bitte"
            " danke das was wer wo wann auch noch schon gut guten tag hallo nummer zu an auf aus nach mir mich so"
        ),
        glue=_set("und"),
        alone=_set("also naja so"),
        finished_after=_after(mit="komm kommt kommen mach macht geh nimm bring etwas", acht="in gib", wie="und"),
    ),
    "fr": LanguageWords(
        open=_set(
            "et ou mais car parce que qu' quand lorsque puisque le les un une des du au aux d' l' mon ton notre"
            " votre vos nos leurs ce cet cette je j' n' ne euh heu hum hem mes ses ces"
        ),
        leaning=_set(
            "la de à pour avec sans dans sur sous chez par vers entre depuis pendant ma ta sa tes son leur"
            " c'est il j'ai si"
        ),
        numbers=_set(
            "zéro un une deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize vingt"
            " vingts trente quarante cinquante soixante septante huitante octante nonante cent cents mille million"
            " millions virgule double"
        ),
        common=_set(
            "oui non ça vous nous tu elle on est sont suis avez ai pas bonjour merci voudrais veux plaît bien c'est"
            " qui quoi où comment me moi lui numéro appelle être avoir fait aussi"
        ),
        alone=_set("alors donc ben bah"),
    ),
    "es": LanguageWords(
        open=_set(
            "y e o u pero porque aunque sino el los las un una unos unas mi mis tu tus su sus nuestro nuestra del al"
            " em ehm mmm me te se"
        ),
        leaning=_set("la a de en con por para sin sobre entre desde hasta hacia según contra que es si cuando eh"),
        numbers=_set(
            "cero un uno una dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciséis"
            " dieciseis diecisiete dieciocho diecinueve veinte treinta cuarenta cincuenta sesenta setenta ochenta"
            " noventa cien ciento doscientos trescientos cuatrocientos quinientos seiscientos setecientos ochocientos"
            " novecientos mil millón millones coma doble veinti"
        ),
        common=_set(
            "sí no yo usted ella él está estoy soy quiero tengo hola gracias favor bueno buenos días muy bien qué cómo"
            " cuándo dónde número nombre puedo necesito lo le nos más hay mañana hoy aquí eso esto"
        ),
        glue=_set("veinti"),
        alone=_set("pues bueno este"),
        finished_after=_after(es="así asi quién qué cuál ella él como usted"),
    ),
    "it": LanguageWords(
        open=_set(
            "e ed o oppure ma il lo i gli un uno una un' l' dell' dei delle degli del della dello al alla allo ai alle"
            " dal dalla nel nella nei nelle sul sulla non ehm uhm mmm"
        ),
        leaning=_set(
            "la le a ad di da in con per su tra fra senza verso che se è mi ti ci cioè perché quando come mio tuo suo"
        ),
        numbers=_set(
            "zero un uno due tre quattro cinque sei sette otto nove dieci undici dodici tredici quattordici quindici"
            " sedici diciassette diciotto diciannove venti trenta quaranta cinquanta sessanta settanta ottanta novanta"
            " cento mille mila milione milioni virgola doppio"
        ),
        common=_set(
            "sì no io tu lui lei noi voi sono sei ho ha hai vorrei voglio grazie prego ciao buongiorno bene anche molto"
            " questo questa cosa dove chi numero nome posso favore ancora domani oggi"
        ),
        glue=_set("vent trent quarant cinquant sessant settant ottant novant tré"),
        alone=_set("allora beh dunque"),
        finished_after=_after(
            sei="chi come dove tu",
            è="chi così che lui lei com' cos'",
            come="e",
            quando="da",
            perché="e",
            su="dai lì qui",
        ),
    ),
    "pt": LanguageWords(
        open=_set(
            "e ou mas porque o os as um uma uns umas do da dos das na nos nas ao aos às pelo pela num numa"
            " meu seu sua hum hã ahn ehm"
        ),
        leaning=_set("a à no de em com por para pra sem sobre entre desde que se quando minha eh é"),
        numbers=_set(
            "zero um uma dois duas três tres quatro cinco seis sete oito nove dez onze doze treze catorze quatorze"
            " quinze dezesseis dezasseis dezessete dezassete dezoito dezenove dezanove vinte trinta quarenta cinquenta"
            " sessenta setenta oitenta noventa cem cento duzentos trezentos quatrocentos quinhentos seiscentos"
            " setecentos oitocentos novecentos mil milhão milhões meia vírgula"
        ),
        common=_set(
            "sim não eu você ele ela nós está estou sou quero tenho olá oi obrigado obrigada favor bom boa dia muito"
            " bem como onde número nome posso preciso isso isto aqui mais também amanhã hoje quem só meia"
        ),
        alone=_set("então bem"),
        finished_after=_after(é="não ele ela quem isso como qual você onde"),
    ),
    "nl": LanguageWords(
        open=_set("en of maar want omdat terwijl hoewel de een mijn jouw uw onze eh uh ehm uhm hm hmm"),
        leaning=_set("van voor met bij naar te tot zonder tussen tegen per sinds als het"),
        numbers=_set(
            "nul een één twee drie vier vijf zes zeven acht negen tien elf twaalf dertien veertien vijftien zestien"
            " zeventien achttien negentien twintig dertig veertig vijftig zestig zeventig tachtig negentig honderd"
            " duizend miljoen komma dubbel"
        ),
        common=_set(
            "ik jij je u hij zij ze wij we is zijn ben heb hebben heeft kan wil graag ja nee niet dat dit wat waar wie"
            " dank dankjewel bedankt goed goedemorgen hallo nummer naam ook nog morgen vandaag mij in op aan om er"
        ),
        glue=_set("en ën"),
        alone=_set("dus nou"),
        finished_after=_after(het="is wil ik was doe weet heb", van="daar ervan"),
    ),
    "pl": LanguageWords(
        open=_set("i oraz albo lub ale ponieważ że żeby jeśli jeżeli gdy yyy eee hmm yyyy"),
        leaning=_set("a w we z ze do na od dla przy bez przez pod nad po o u za przed między ku bo mój moja"),
        numbers=_set(
            "zero jeden dwa dwie trzy cztery pięć sześć siedem osiem dziewięć dziesięć jedenaście dwanaście trzynaście"
            " czternaście piętnaście szesnaście siedemnaście osiemnaście dziewiętnaście dwadzieścia trzydzieści"
            " czterdzieści pięćdziesiąt sześćdziesiąt siedemdziesiąt osiemdziesiąt dziewięćdziesiąt sto dwieście"
            " trzysta czterysta pięćset sześćset siedemset osiemset dziewięćset tysiąc tysiące tysięcy milion przecinek"
        ),
        common=_set(
            "ja ty on ona my tak nie jest są mam chcę chciałbym chciałabym proszę dziękuję dzień dobry cześć to"
            " co gdzie"
            " kiedy jak numer się mnie mi już też bardzo dobrze jutro dzisiaj no"
        ),
        alone=_set("no więc"),
    ),
    "sv": LanguageWords(
        open=_set("och eller men eftersom att som en ett min mitt mina din ditt dina vår eh öh ehm öhm hmm"),
        leaning=_set("till från med av i hos utan mellan mot vid åt för om"),
        numbers=_set(
            "noll en ett två tre fyra fem sex sju åtta nio tio elva tolv tretton fjorton femton sexton sjutton arton"
            " nitton tjugo trettio fyrtio femtio sextio sjuttio åttio nittio hundra tusen miljon komma dubbel"
        ),
        common=_set(
            "jag du han hon vi ni ja nej inte är var har kan vill skulle tack hej god vad var vem när hur det den detta"
            " nummer namn också bra imorgon idag mig på"
        ),
        glue=_set("ett"),
        alone=_set("så alltså"),
        finished_after=_after(till="en ett", för="vad därför", om="igen vad", med="följa ta kom följ vara"),
    ),
    "da": LanguageWords(
        open=_set("og eller men fordi at som en et min mit mine din dit øh øhm hmm"),
        leaning=_set("til fra med af i hos uden mellem mod ved for om"),
        numbers=_set(
            "nul en et to tre fire fem seks syv otte ni ti elleve tolv tretten fjorten femten seksten sytten atten"
            " nitten tyve tredive fyrre halvtreds tres halvfjerds firs halvfems hundrede tusind million komma"
        ),
        common=_set(
            "jeg du han hun vi ja nej ikke er var har kan vil tak hej god hvad hvem hvor det den nummer navn mig på"
        ),
        glue=_set("og"),
        finished_after=_after(til="en et", med="kom tage"),
    ),
    "nb": LanguageWords(
        open=_set("og eller men fordi at som en et ei min mitt mine din ditt eh øh ehm hmm"),
        leaning=_set("til fra med av i hos uten mellom mot ved for om"),
        numbers=_set(
            "null en ett to tre fire fem seks sju syv åtte ni ti elleve tolv tretten fjorten femten seksten sytten"
            " atten nitten tjue tretti førti femti seksti sytti åtti nitti hundre tusen million komma"
        ),
        common=_set(
            "jeg du han hun vi ja nei ikke er var har kan vil takk hei god hva hvem hvor det den nummer navn meg på"
        ),
        glue=_set("og"),
        finished_after=_after(til="en et ett", med="bli ta kom"),
    ),
    "cs": LanguageWords(
        open=_set("a i nebo ale protože že aby když pokud ehm hmm eee"),
        leaning=_set("v ve z ze s k ke do na od pro při bez přes po o u za pod nad před mezi můj moje"),
        numbers=_set(
            "nula jeden jedna dva dvě tři čtyři pět šest sedm osm devět deset jedenáct dvanáct třináct čtrnáct patnáct"
            " šestnáct sedmnáct osmnáct devatenáct dvacet třicet čtyřicet padesát šedesát sedmdesát osmdesát devadesát"
            " sto dvě stě tisíc milion čárka"
        ),
        common=_set(
            "já ty on ona my ano ne je jsou jsem mám chci chtěl bych prosím děkuji dobrý den ahoj to co kde jak"
            " číslo se mi"
        ),
        alone=_set("no tak"),
    ),
    "tr": LanguageWords(
        open=_set("ve veya yahut ama fakat çünkü ancak eğer bir ıı ııı eee hmm şey"),
        leaning=_set("ile için gibi kadar benim bu şu"),
        numbers=_set(
            "sıfır bir iki üç dört beş altı yedi sekiz dokuz on yirmi otuz kırk elli altmış yetmiş seksen doksan yüz"
            " bin milyon virgül"
        ),
        common=_set(
            "ben sen biz siz evet hayır var yok değil istiyorum lütfen teşekkürler merhaba tamam ne nerede"
            " nasıl numaram da de mi çok"
        ),
        alone=_set("yani peki"),
    ),
    "ru": LanguageWords(
        open=_set("и или но а чтобы если потому не э ээ эм эээ ммм"),
        leaning=_set("в во на с со к ко от до из для при без через по о об у за под над перед между про мой моя"),
        numbers=_set(
            "ноль нуль один одна два две три четыре пять шесть семь восемь девять десять одиннадцать двенадцать"
            " тринадцать четырнадцать пятнадцать шестнадцать семнадцать восемнадцать девятнадцать двадцать тридцать"
            " сорок пятьдесят шестьдесят семьдесят восемьдесят девяносто сто двести триста четыреста пятьсот шестьсот"
            " семьсот восемьсот девятьсот тысяча тысячи тысяч миллион запятая"
        ),
        common=_set(
            "я ты он она мы вы да нет это что как где когда хочу могу нужно спасибо пожалуйста здравствуйте"
            " привет мне номер"
        ),
        alone=_set("ну так"),
    ),
    "uk": LanguageWords(
        open=_set("і й та або але бо якщо щоб не е ем еее ммм"),
        leaning=_set("в у на з із зі до від для при без через по про за під над перед між мій моя"),
        numbers=_set(
            "нуль один одна два дві три чотири п'ять шість сім вісім дев'ять десять одинадцять дванадцять тринадцять"
            " чотирнадцять п'ятнадцять шістнадцять сімнадцять вісімнадцять дев'ятнадцять двадцять тридцять сорок"
            " п'ятдесят шістдесят сімдесят вісімдесят дев'яносто сто двісті триста тисяча мільйон кома"
        ),
        common=_set("я ти він вона ми ви так ні це що як де коли хочу можу треба дякую ласка вітаю привіт мені номер"),
        alone=_set("ну"),
    ),
    "hi": LanguageWords(
        open=_set("और या लेकिन मगर क्योंकि कि अगर यदि का की के ने मेरा मेरी मेरे आपका आपकी अं उम हम्म"),
        leaning=_set("को में से पर तक तो मतलब जो"),
        numbers=_set(
            "शून्य ज़ीरो एक दो तीन चार पाँच पांच छह छः छे सात आठ नौ दस ग्यारह बारह तेरह चौदह पंद्रह सोलह सत्रह अठारह"
            " उन्नीस बीस तीस चालीस पचास साठ सत्तर अस्सी नब्बे सौ हज़ार हजार लाख करोड़ डबल"
        ),
        common=_set("मैं आप हम है हैं हूँ हूं हाँ हां नहीं जी क्या कैसे कब कहाँ नमस्ते धन्यवाद चाहिए नंबर नाम"),
        finished_after=_after(दो="दे कर बता रख भेज बना करा दिखा", पर="वहाँ यहाँ"),
    ),
    "ar": LanguageWords(
        open=_set("و أو او لكن لأن إذا أن ثم اه امم ممم"),
        leaning=_set("من إلى على في عن مع حتى يعني"),
        numbers=_set(
            "صفر واحد اثنين اثنان ثلاثة أربعة اربعة خمسة ستة سبعة ثمانية تسعة عشرة عشر عشرين ثلاثين أربعين خمسين ستين"
            " سبعين ثمانين تسعين مئة مية ألف"
        ),
        common=_set("أنا انا انت نعم لا هل ما شكرا مرحبا أريد رقمي هذا هو هي"),
        finished_after=_after(من="هذا"),
    ),
    "ko": LanguageWords(
        open=_set("그리고 하지만 그런데 근데 그래서 또는 만약 혹시 음 저기 그러니까"),
        leaning=_set("제 저는 나는 제가 내가 번호는 이름은 전화번호는"),
        numbers=_set(
            "영 공 일 이 삼 사 오 육 칠 팔 구 십 백 천 만 하나 둘 셋 넷 다섯 여섯 일곱 여덟 아홉 열 스물 서른 마흔 쉰"
            " 예순 일흔 여든 아흔"
        ),
        common=_set("네 예 아니요 감사합니다 안녕하세요 뭐 어디 언제"),
        glue=_set("영"),
    ),
    "ja": LanguageWords(
        open=_set("を は が えーと えっと ええと あのー あの うーん その そして それと または でも しかし"),
        leaning=_set("と へ に で から けど けれど ので 番号は"),
        numbers=_set("ゼロ れい まる いち よん ろく なな はち きゅう 〇 零 一 二 三 四 五 六 七 八 九 十 百 千 万"),
        finished_after={
            "は": _set("こんにち こんばん"),
            "と": _set("ちょっ もっ きっ ずっ やっ ほん ひ あ"),
            "に": _set("な ほんと 本当"),
            "で": _set("なん"),
        },
        spaced=False,
    ),
    "zh": LanguageWords(
        open=_set(
            "和 跟 与 或 或者 还有 但是 可是 不过 因为 所以 如果 然后 而且 以及 呃 額 但 還有 因為 我的 您的 你的"
        ),
        leaning=_set("那个 那個 把 被 从 從 向 往 我想 我叫 号码是 電話是 电话是 名字是 號碼是 就是说"),
        numbers=_set("零 〇 ○ 一 二 三 四 五 六 七 八 九 十 百 千 万 萬 亿 億 两 兩 幺"),
        finished_after={"一": _set("唯 统 第")},
        spaced=False,
    ),
}
"""By primary language subtag."""
