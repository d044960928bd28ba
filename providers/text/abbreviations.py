"""Abbreviations: words with a full stop that does not end a sentence, in the most frequent languages; lower case."""

from __future__ import annotations

NEVER_LAST = frozenset(
    # English titles and connectives
    "dr mr mrs ms mx prof rev hon gen col capt cpt cmdr lt sgt maj sen rep gov pres supt messrs fr"
    " vs e.g i.e eg ie cf viz approx est dept univ assn bros ft mt st ext tel apt ste attn"
    # German
    " z.b d.h u.a o.ä z.t i.d.r s.o s.u bzw ggf evtl inkl exkl zzgl ca sog dipl ing hr fr frau str tägl max min mind"
    # French, Spanish, Portuguese, Italian, Dutch
    " mme mlle mgr p.ex av bd env sr sra srta sres dra ud uds ej p.ej pág núm avda sig sig.ra dott avv ecc"
    " exmo exma dhr mevr bijv d.w.z o.a"
    # Polish, Czech, Russian, Turkish
    " np tzn tzw ul al inż mgr tzv např т.е т.к т.н ул просп им гр стр руб тыс млн млрд др sn dn".split()
)
"""Abbreviations that something always follows: a name, an example, an amount."""

BEFORE_NUMBERS = frozenset(
    "no nos nr nrs n° num nº fig figs vol vols p pp pg art sec sect ch chap par eq ref ver v op para ab abs kap s"
    " jan feb mar apr may jun jul aug sep sept oct nov dec".split()
)
"""Abbreviations only in front of a number ("No. 5", "No. I do not")."""

SOMETIMES_LAST = frozenset(
    "etc inc ltd corp co llc plc jr sr esq ph.d m.d b.a m.a d.c a.m p.m am pm u.s u.k u.n e.u b.c a.d"
    " ave blvd rd ln sq hwy mon tue tues wed thu thur thurs fri sat jan feb apr aug sep sept oct nov dec"
    " usw etc al gmbh kg mio mrd std usf т.д т.п г itd itp vb vs".split()
) - frozenset({"am", "vs"})
"""Abbreviations that end a sentence when a word of `STARTERS` follows in upper case."""

STARTERS = frozenset(
    "the a an i i'm i'll i've i'd we we'll we're we've you you'll you're he she it it's they they're this that that's"
    " these those there there's here here's what what's when where who why how which if is are was were do does did can"
    " could will would should may please thanks thank your our my his her their its then so but and or however also"
    " let's let no yes okay ok sorry great good after before once for in on at to as not now today tomorrow would"
    " der die das ein eine ich wir sie er es ist sind haben können bitte danke"
    " le la les un une je nous vous il elle c'est el los las una yo usted nosotros por para gracias".split()
)
"""Words that start a sentence far more often than they are a name."""

MONTHS = frozenset(
    "januar jänner februar märz april mai juni juli august september oktober november dezember"
    " januari februari maart mei augustus december ledna února března dubna května června července srpna září"
    " října listopadu prosince tammikuuta helmikuuta maaliskuuta huhtikuuta toukokuuta".split()
)
"""Months after a German, Dutch, Czech or Finnish ordinal ("am 3. Mai")."""
