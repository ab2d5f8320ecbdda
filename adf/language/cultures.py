"""How a culture writes dates. Data Factory documents English (United States) only; formatDateTime's
undocumented third argument takes any of the names below, by language where the region is not listed.
"""

from dataclasses import dataclass, replace


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


@dataclass(frozen=True, slots=True)
class Culture:
    """Patterns and names; days start on Monday. `separator` is what `/` in a pattern stands for, `joint` what
    stands between a long date and a time.
    """

    short_date: str = "M/d/yyyy"
    long_date: str = "dddd, MMMM d, yyyy"
    short_time: str = "h:mm tt"
    long_time: str = "h:mm:ss tt"
    month_day: str = "MMMM d"
    year_month: str = "MMMM yyyy"
    separator: str = "/"
    joint: str = " "
    era: str = "AD"
    halves: tuple[str, str] = ("AM", "PM")
    months: tuple[str, ...] = _words(
        "January February March April May June July August September October November December"
    )
    short_months: tuple[str, ...] = _words("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec")
    days: tuple[str, ...] = _words("Monday Tuesday Wednesday Thursday Friday Saturday Sunday")
    short_days: tuple[str, ...] = _words("Mon Tue Wed Thu Fri Sat Sun")


ENGLISH = Culture()
_BRITISH = replace(
    ENGLISH, short_date="dd/MM/yyyy", long_date="dddd, d MMMM yyyy", short_time="HH:mm", long_time="HH:mm:ss",
    month_day="d MMMM", halves=("am", "pm"),
)  # fmt: skip
_CONTINENTAL = replace(_BRITISH, long_date="dddd d MMMM yyyy")

_CULTURES = {
    "en-us": ENGLISH,
    "en": ENGLISH,
    "": replace(
        ENGLISH, short_date="MM/dd/yyyy", long_date="dddd, dd MMMM yyyy", short_time="HH:mm",
        long_time="HH:mm:ss", month_day="MMMM dd", year_month="yyyy MMMM",
    ),
    "en-gb": _BRITISH,
    "fr-fr": replace(
        _CONTINENTAL,
        months=_words("janvier février mars avril mai juin juillet août septembre octobre novembre décembre"),
        short_months=_words("janv. févr. mars avr. mai juin juil. août sept. oct. nov. déc."),
        days=_words("lundi mardi mercredi jeudi vendredi samedi dimanche"),
        short_days=_words("lun. mar. mer. jeu. ven. sam. dim."),
        era="ap. J.-C.", halves=("AM", "PM"),
    ),
    "de-de": replace(
        _BRITISH, separator=".", short_date="dd.MM.yyyy", long_date="dddd, d. MMMM yyyy", month_day="d. MMMM",
        months=_words("Januar Februar März April Mai Juni Juli August September Oktober November Dezember"),
        short_months=_words("Jan. Feb. März Apr. Mai Juni Juli Aug. Sept. Okt. Nov. Dez."),
        days=_words("Montag Dienstag Mittwoch Donnerstag Freitag Samstag Sonntag"),
        short_days=_words("Mo Di Mi Do Fr Sa So"),
        era="n. Chr.", halves=("AM", "PM"),
    ),
    "es-es": replace(
        _BRITISH, short_date="d/M/yyyy", long_date="dddd, d 'de' MMMM 'de' yyyy", short_time="H:mm",
        long_time="H:mm:ss", month_day="d 'de' MMMM", year_month="MMMM 'de' yyyy",
        months=_words(
            "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre"
        ),
        short_months=_words("ene. feb. mar. abr. may. jun. jul. ago. sept. oct. nov. dic."),
        days=_words("lunes martes miércoles jueves viernes sábado domingo"),
        short_days=_words("lun. mar. mié. jue. vie. sáb. dom."),
        era="d. C.", halves=("a. m.", "p. m."),
    ),
    "it-it": replace(
        _CONTINENTAL,
        months=_words(
            "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre"
        ),
        short_months=_words("gen feb mar apr mag giu lug ago set ott nov dic"),
        days=_words("lunedì martedì mercoledì giovedì venerdì sabato domenica"),
        short_days=_words("lun mar mer gio ven sab dom"),
        era="d.C.", halves=("AM", "PM"),
    ),
    "nl-nl": replace(
        _CONTINENTAL, separator="-", short_date="dd-MM-yyyy",
        months=_words(
            "januari februari maart april mei juni juli augustus september oktober november december"
        ),
        short_months=_words("jan. feb. mrt. apr. mei jun. jul. aug. sep. okt. nov. dec."),
        days=_words("maandag dinsdag woensdag donderdag vrijdag zaterdag zondag"),
        short_days=_words("ma di wo do vr za zo"),
        era="n.Chr.", halves=("a.m.", "p.m."),
    ),
    "pt-br": replace(
        _BRITISH, long_date="dddd, d 'de' MMMM 'de' yyyy", month_day="d 'de' MMMM",
        year_month="MMMM 'de' yyyy",
        months=_words(
            "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro"
        ),
        short_months=_words("jan. fev. mar. abr. mai. jun. jul. ago. set. out. nov. dez."),
        days=_words("segunda-feira terça-feira quarta-feira quinta-feira sexta-feira sábado domingo"),
        short_days=_words("seg. ter. qua. qui. sex. sáb. dom."),
        era="d.C.", halves=("AM", "PM"),
    ),
}  # fmt: skip


def culture(name: str) -> Culture | None:
    """Find a culture regardless of case, or one of the same language. None when there is none."""
    lower = name.lower()
    if lower in _CULTURES:
        return _CULTURES[lower]
    language = lower.split("-", 1)[0]
    if language == "en":
        return _BRITISH  # as most of the regions write dates
    return next((_CULTURES[known] for known in _CULTURES if known and known.split("-")[0] == language), None)
