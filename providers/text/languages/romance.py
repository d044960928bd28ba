"""Word lists of Romance languages."""

from __future__ import annotations

from collections.abc import Mapping

from providers.text.languages.base import LanguageWords, after, words

ROMANCE: Mapping[str, LanguageWords] = {
    "fr": LanguageWords(
        open=words(
            "et ou mais car parce que qu' quand lorsque puisque le les un une des du au aux d' l' mon ton notre"
            " votre vos nos leurs ce cet cette je j' n' ne euh heu hum hem mes ses ces"
        ),
        leaning=words(
            "la de à pour avec sans dans sur sous chez par vers entre depuis pendant ma ta sa tes son leur"
            " c'est il j'ai si"
        ),
        numbers=words(
            "zéro un une deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize vingt"
            " vingts trente quarante cinquante soixante septante huitante octante nonante cent cents mille million"
            " millions virgule double"
        ),
        common=words(
            "oui non ça vous nous tu elle on est sont suis avez ai pas bonjour merci voudrais veux plaît bien c'est"
            " qui quoi où comment me moi lui numéro appelle être avoir fait aussi"
        ),
        alone=words("alors donc ben bah"),
        units=words("zéro un une deux trois quatre cinq six sept huit neuf"),
    ),
    "es": LanguageWords(
        open=words(
            "y e o u pero porque aunque sino el los las un una unos unas mi mis tu tus su sus nuestro nuestra del al"
            " em ehm mmm me te se"
        ),
        leaning=words("la a de en con por para sin sobre entre desde hasta hacia según contra que es si cuando eh"),
        numbers=words(
            "cero un uno una dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciséis"
            " dieciseis diecisiete dieciocho diecinueve veinte treinta cuarenta cincuenta sesenta setenta ochenta"
            " noventa cien ciento doscientos trescientos cuatrocientos quinientos seiscientos setecientos ochocientos"
            " novecientos mil millón millones coma doble veinti"
        ),
        common=words(
            "sí no yo usted ella él está estoy soy quiero tengo hola gracias favor bueno buenos días muy bien qué cómo"
            " cuándo dónde número nombre puedo necesito lo le nos más hay mañana hoy aquí eso esto"
        ),
        glue=words("veinti"),
        alone=words("pues bueno este"),
        finished_after=after(es="así asi quién qué cuál ella él como usted"),
        units=words("cero un uno una dos tres cuatro cinco seis siete ocho nueve"),
    ),
    "it": LanguageWords(
        open=words(
            "e ed o oppure ma il lo i gli un uno una un' l' dell' dei delle degli del della dello al alla allo ai alle"
            " dal dalla nel nella nei nelle sul sulla non ehm uhm mmm"
        ),
        leaning=words(
            "la le a ad di da in con per su tra fra senza verso che se è mi ti ci cioè perché quando come mio tuo suo"
        ),
        numbers=words(
            "zero un uno due tre quattro cinque sei sette otto nove dieci undici dodici tredici quattordici quindici"
            " sedici diciassette diciotto diciannove venti trenta quaranta cinquanta sessanta settanta ottanta novanta"
            " cento mille mila milione milioni virgola doppio"
        ),
        common=words(
            "sì no io tu lui lei noi voi sono sei ho ha hai vorrei voglio grazie prego ciao buongiorno bene anche molto"
            " questo questa cosa dove chi numero nome posso favore ancora domani oggi"
        ),
        glue=words("vent trent quarant cinquant sessant settant ottant novant tré"),
        alone=words("allora beh dunque"),
        finished_after=after(
            sei="chi come dove tu",
            è="chi così che lui lei com' cos'",
            come="e",
            quando="da",
            perché="e",
            su="dai lì qui",
        ),
        units=words("zero uno due tre quattro cinque sei sette otto nove"),
    ),
    "pt": LanguageWords(
        open=words(
            "e ou mas porque o os as um uma uns umas do da dos das na nos nas ao aos às pelo pela num numa"
            " meu seu sua hum hã ahn ehm"
        ),
        leaning=words("a à no de em com por para pra sem sobre entre desde que se quando minha eh é"),
        numbers=words(
            "zero um uma dois duas três tres quatro cinco seis sete oito nove dez onze doze treze catorze quatorze"
            " quinze dezesseis dezasseis dezessete dezassete dezoito dezenove dezanove vinte trinta quarenta cinquenta"
            " sessenta setenta oitenta noventa cem cento duzentos trezentos quatrocentos quinhentos seiscentos"
            " setecentos oitocentos novecentos mil milhão milhões meia vírgula"
        ),
        common=words(
            "sim não eu você ele ela nós está estou sou quero tenho olá oi obrigado obrigada favor bom boa dia muito"
            " bem como onde número nome posso preciso isso isto aqui mais também amanhã hoje quem só meia"
        ),
        alone=words("então bem"),
        finished_after=after(é="não ele ela quem isso como qual você onde"),
        units=words("zero um uma dois duas três tres quatro cinco seis meia sete oito nove"),
    ),
}
