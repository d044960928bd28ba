"""Word lists of Slavic languages."""

from __future__ import annotations

from collections.abc import Mapping

from providers.text.languages.base import LanguageWords, words

SLAVIC: Mapping[str, LanguageWords] = {
    "pl": LanguageWords(
        open=words("i oraz albo lub ale ponieważ że żeby jeśli jeżeli gdy yyy eee hmm yyyy"),
        leaning=words("a w we z ze do na od dla przy bez przez pod nad po o u za przed między ku bo mój moja"),
        numbers=words(
            "zero jeden dwa dwie trzy cztery pięć sześć siedem osiem dziewięć dziesięć jedenaście dwanaście trzynaście"
            " czternaście piętnaście szesnaście siedemnaście osiemnaście dziewiętnaście dwadzieścia trzydzieści"
            " czterdzieści pięćdziesiąt sześćdziesiąt siedemdziesiąt osiemdziesiąt dziewięćdziesiąt sto dwieście"
            " trzysta czterysta pięćset sześćset siedemset osiemset dziewięćset tysiąc tysiące tysięcy milion przecinek"
        ),
        common=words(
            "ja ty on ona my tak nie jest są mam chcę chciałbym chciałabym proszę dziękuję dzień dobry cześć to"
            " co gdzie"
            " kiedy jak numer się mnie mi już też bardzo dobrze jutro dzisiaj no"
        ),
        alone=words("no więc"),
        units=words("zero jeden dwa trzy cztery pięć sześć siedem osiem dziewięć"),
    ),
    "cs": LanguageWords(
        open=words("a i nebo ale protože že aby když pokud ehm hmm eee"),
        leaning=words("v ve z ze s k ke do na od pro při bez přes po o u za pod nad před mezi můj moje"),
        numbers=words(
            "nula jeden jedna dva dvě tři čtyři pět šest sedm osm devět deset jedenáct dvanáct třináct čtrnáct patnáct"
            " šestnáct sedmnáct osmnáct devatenáct dvacet třicet čtyřicet padesát šedesát sedmdesát osmdesát devadesát"
            " sto dvě stě tisíc milion čárka"
        ),
        common=words(
            "já ty on ona my ano ne je jsou jsem mám chci chtěl bych prosím děkuji dobrý den ahoj to co kde jak"
            " číslo se mi"
        ),
        alone=words("no tak"),
        units=words("nula jedna dva tři čtyři pět šest sedm osm devět"),
    ),
    "ru": LanguageWords(
        open=words("и или но а чтобы если потому не э ээ эм эээ ммм"),
        leaning=words("в во на с со к ко от до из для при без через по о об у за под над перед между про мой моя"),
        numbers=words(
            "ноль нуль один одна два две три четыре пять шесть семь восемь девять десять одиннадцать двенадцать"
            " тринадцать четырнадцать пятнадцать шестнадцать семнадцать восемнадцать девятнадцать двадцать тридцать"
            " сорок пятьдесят шестьдесят семьдесят восемьдесят девяносто сто двести триста четыреста пятьсот шестьсот"
            " семьсот восемьсот девятьсот тысяча тысячи тысяч миллион запятая"
        ),
        common=words(
            "я ты он она мы вы да нет это что как где когда хочу могу нужно спасибо пожалуйста здравствуйте"
            " привет мне номер"
        ),
        alone=words("ну так"),
        units=words("ноль нуль один два три четыре пять шесть семь восемь девять"),
    ),
    "uk": LanguageWords(
        open=words("і й та або але бо якщо щоб не е ем еее ммм"),
        leaning=words("в у на з із зі до від для при без через по про за під над перед між мій моя"),
        numbers=words(
            "нуль один одна два дві три чотири п'ять шість сім вісім дев'ять десять одинадцять дванадцять тринадцять"
            " чотирнадцять п'ятнадцять шістнадцять сімнадцять вісімнадцять дев'ятнадцять двадцять тридцять сорок"
            " п'ятдесят шістдесят сімдесят вісімдесят дев'яносто сто двісті триста тисяча мільйон кома"
        ),
        common=words("я ти він вона ми ви так ні це що як де коли хочу можу треба дякую ласка вітаю привіт мені номер"),
        alone=words("ну"),
        units=words("нуль один два три чотири п'ять шість сім вісім дев'ять"),
    ),
}
