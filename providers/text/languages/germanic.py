"""Word lists of Germanic languages."""

from __future__ import annotations

from collections.abc import Mapping

from providers.text.languages.base import LanguageWords, after, words

_BE_AFTER = "it that this he she there here what who how they we you which these those i where yes so"
_PARTICLE_AFTER = (
    "come comes coming came go goes going went hold hang log logged logging sign signed check checked move moved turn"
    " turned put it them that this plug plugged fill filled get got carry keep bring brought stay drop dropped pass"
)

GERMANIC: Mapping[str, LanguageWords] = {
    "en": LanguageWords(
        open=words(
            "the a an my your our their and or but nor because although unless if whether than"
            " um uh uhm umm uhh erm er hmm hm i we they i'm i'll i've i'd we're we'll we've we'd you're you've you'll"
            " you'd they're they'll they've he's she's it's that's there's here's what's who's where's let's"
            " gonna wanna gotta"
        ),
        leaning=words(
            "to for of from with at by as into onto about between during against without within per via towards upon"
            " in on is are was were he she until since while where's every"
        ),
        numbers=words(
            "zero oh one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen"
            " seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand"
            " million billion double triple point"
        ),
        common=words(
            "you it yes no not okay ok please me do don't does can can't could will would should have had has need want"
            " call what when where how this that these good thanks thank hello hi bye right sure like know get number"
            " name time day today tomorrow just be been am so well us him her them all who which why"
            " car van son pour sin die pod pro con den men man date fast mine also tell said did order"
        ),
        alone=words("so well like oh"),
        finished_after={
            **dict.fromkeys(("is", "are", "was", "were"), words(_BE_AFTER)),
            **dict.fromkeys(("in", "on"), words(_PARTICLE_AFTER)),
            "one": words(
                "this that no any some every each which the other another right wrong good first last only new old big"
                " small someone my your next same nice"
            ),
            "about": words("it that this what think talk talking"),
            "point": words("the a good this that what's no my your some"),
            "i": words("do am can will did have so nor neither should could would was"),
            "we": words("do are can will did have so should could would were"),
        },
        units=words("zero oh one two three four five six seven eight nine double triple"),
    ),
    "de": LanguageWords(
        open=words(
            "und oder aber denn weil dass daß wenn ob sondern sowie falls obwohl sobald bevor nachdem"
            " dem des eine einen einem eines mein meinen meinem dein deinen unser unseren kein keinen"
            " äh ähm öh öhm hm hmm tja"
        ),
        leaning=words(
            "der die den ein einer meine ihre ihren mit von vom zum zur für bei beim in im ins am ohne gegen"
            " zwischen seit wegen bis pro als wie um"
        ),
        numbers=words(
            "null ein eins zwei zwo drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn"
            " sechzehn siebzehn achtzehn neunzehn zwanzig dreißig dreissig vierzig fünfzig sechzig siebzig achtzig"
            " neunzig hundert tausend million komma doppel"
        ),
        common=words(
            "ich du er sie es wir ihr ja nein nicht ist sind war bin habe haben hat kann können möchte will würde bitte"
            " danke das was wer wo wann auch noch schon gut guten tag hallo nummer zu an auf aus nach mir mich so"
        ),
        glue=words("und"),
        alone=words("also naja so"),
        finished_after=after(mit="komm kommt kommen mach macht geh nimm bring etwas", acht="in gib", wie="und"),
        units=words("null eins zwei zwo drei vier fünf sechs sieben acht neun"),
    ),
    "nl": LanguageWords(
        open=words("en of maar want omdat terwijl hoewel de een mijn jouw uw onze eh uh ehm uhm hm hmm"),
        leaning=words("van voor met bij naar te tot zonder tussen tegen per sinds als het"),
        numbers=words(
            "nul een één twee drie vier vijf zes zeven acht negen tien elf twaalf dertien veertien vijftien zestien"
            " zeventien achttien negentien twintig dertig veertig vijftig zestig zeventig tachtig negentig honderd"
            " duizend miljoen komma dubbel"
        ),
        common=words(
            "ik jij je u hij zij ze wij we is zijn ben heb hebben heeft kan wil graag ja nee niet dat dit wat waar wie"
            " dank dankjewel bedankt goed goedemorgen hallo nummer naam ook nog morgen vandaag mij in op aan om er"
        ),
        glue=words("en ën"),
        alone=words("dus nou"),
        finished_after=after(het="is wil ik was doe weet heb", van="daar ervan"),
        units=words("nul een één twee drie vier vijf zes zeven acht negen"),
    ),
    "sv": LanguageWords(
        open=words("och eller men eftersom att som en ett min mitt mina din ditt dina vår eh öh ehm öhm hmm"),
        leaning=words("till från med av i hos utan mellan mot vid åt för om"),
        numbers=words(
            "noll en ett två tre fyra fem sex sju åtta nio tio elva tolv tretton fjorton femton sexton sjutton arton"
            " nitton tjugo trettio fyrtio femtio sextio sjuttio åttio nittio hundra tusen miljon komma dubbel"
        ),
        common=words(
            "jag du han hon vi ni ja nej inte är var har kan vill skulle tack hej god vad var vem när hur det den detta"
            " nummer namn också bra imorgon idag mig på"
        ),
        glue=words("ett"),
        alone=words("så alltså"),
        finished_after=after(till="en ett", för="vad därför", om="igen vad", med="följa ta kom följ vara"),
        units=words("noll ett två tre fyra fem sex sju åtta nio"),
    ),
    "da": LanguageWords(
        open=words("og eller men fordi at som en et min mit mine din dit øh øhm hmm"),
        leaning=words("til fra med af i hos uden mellem mod ved for om"),
        numbers=words(
            "nul en et to tre fire fem seks syv otte ni ti elleve tolv tretten fjorten femten seksten sytten atten"
            " nitten tyve tredive fyrre halvtreds tres halvfjerds firs halvfems hundrede tusind million komma"
        ),
        common=words(
            "jeg du han hun vi ja nej ikke er var har kan vil tak hej god hvad hvem hvor det den nummer navn mig på"
        ),
        glue=words("og"),
        finished_after=after(til="en et", med="kom tage"),
        units=words("nul et to tre fire fem seks syv otte ni"),
    ),
    "nb": LanguageWords(
        open=words("og eller men fordi at som en et ei min mitt mine din ditt eh øh ehm hmm"),
        leaning=words("til fra med av i hos uten mellom mot ved for om"),
        numbers=words(
            "null en ett to tre fire fem seks sju syv åtte ni ti elleve tolv tretten fjorten femten seksten sytten"
            " atten nitten tjue tretti førti femti seksti sytti åtti nitti hundre tusen million komma"
        ),
        common=words(
            "jeg du han hun vi ja nei ikke er var har kan vil takk hei god hva hvem hvor det den nummer navn meg på"
        ),
        glue=words("og"),
        finished_after=after(til="en et ett", med="bli ta kom"),
        units=words("null en ett to tre fire fem seks sju syv åtte ni"),
    ),
}
