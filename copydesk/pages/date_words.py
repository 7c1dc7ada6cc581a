"""The words of dates: month names of some twenty languages, time-zone abbreviations, the order of numbers."""

from __future__ import annotations

import datetime as dt
import unicodedata
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_MONTHS = (
    "january jan januar jänner jän januari januarie janvier janv enero ene gennaio gen janeiro ianuarie ian ianuariu "
    "tammikuuta tammikuu stycznia styczeń sty ledna leden januára января январь янв січня січ ocak oca január "
    "ιανουαρίου ιαν يناير كانون जनवरी jaanuar sausio janvāris siječnja januara janúar",
    "february feb februar februari februarie février févr fév febrero febbraio febb fevereiro fev februarie "
    "helmikuuta helmikuu lutego luty lut února únor února februára февраля февраль фев лютого лют şubat şub február "
    "φεβρουαρίου φεβ فبراير شباط फरवरी फ़रवरी veebruar vasario februāris veljače februara febrúar",
    "march mar märz mär mrz mars marzo março marco maart mrt martie maaliskuuta maaliskuu marca marzec března březen "
    "марта март мар березня бер mart március μαρτίου μαρ مارس मार्च märts kovo marts ožujka maret",
    "april apr avril avr abril abr aprile aprilie huhtikuuta huhtikuu kwietnia kwiecień kwi dubna duben apríla апреля "
    "апрель апр квітня квіт nisan nis április απριλίου απρ أبريل ابريل نيسان अप्रैल aprill balandžio aprīlis travnja "
    "aprila apríl",
    "may mai mayo maggio mag maio mei maj mayıs toukokuuta toukokuu maja května květen mája мая май травня трав május "
    "μαΐου μαϊου μαΐ مايو أيار मई gegužės maijs svibnja maí",
    "june jun juni juin junio giugno giu junho iunie iun kesäkuuta kesäkuu czerwca czerwiec cze června červen júna "
    "июня июнь июн червня черв haziran haz június ιουνίου ιουν يونيو حزيران जून juuni birželio jūnijs lipnja juna júní",
    "july jul juli juillet juil julio luglio lug julho iulie iul heinäkuuta heinäkuu lipca lipiec lip července "
    "červenec júla июля июль июл липня лип temmuz tem július ιουλίου ιουλ يوليو تموز जुलाई juuli liepos jūlijs "
    "srpnja jula júlí",
    "august aug août aout agosto ago augusti augustus elokuuta elokuu sierpnia sierpień sie srpna srpen augusta "
    "августа август авг серпня серп ağustos ağu augusztus αυγούστου αυγ أغسطس اغسطس آب अगस्त rugpjūčio augusts "
    "kolovoza avgusta agustus ágúst",
    "september sept sep septembre septiembre setiembre settembre setembro sett set septembrie syyskuuta syyskuu "
    "września wrzesień wrz září septembra сентября сентябрь сент сен вересня вер eylül eyl szeptember σεπτεμβρίου "
    "σεπ سبتمبر أيلول सितंबर सितम्बर rugsėjo septembris rujna",
    "october oct oktober okt octobre octubre ottobre ott outubro out octombrie lokakuuta lokakuu października "
    "październik paź října říjen októbra октября октябрь окт жовтня жовт ekim eki október οκτωβρίου οκτ أكتوبر "
    "اكتوبر अक्टूबर अक्तूबर oktoober spalio oktobris oktobra",
    "november nov novembre noviembre novembro noiembrie marraskuuta marraskuu listopada listopad lis listopadu "
    "novembra ноября ноябрь ноя нояб листопада лист kasım kas νοεμβρίου νοε نوفمبر नवंबर नवम्बर lapkričio novembris "
    "studenoga studenog nóvember",
    "december dec dezember dez décembre déc diciembre dic dicembre dezembro decembrie joulukuuta joulukuu grudnia "
    "grudzień gru prosince prosinec decembra декабря декабрь дек грудня груд aralık ara δεκεμβρίου δεκ ديسمبر "
    "दिसंबर दिसम्बर detsember gruodžio decembris prosinca desember",
)


def folded(word: str) -> str:
    """A word as the tables know it: lower case, without accents (`März` -> `marz`, `ağustos` -> `agustos`)."""
    decomposed = unicodedata.normalize("NFKD", word.casefold().replace("ı", "i"))
    return "".join(c for c in decomposed if not unicodedata.combining(c) or c == "\u093c" or "\u0900" <= c <= "\u097f")


MONTHS = {folded(word): number for number, words in enumerate(_MONTHS, 1) for word in words.split()}
"""Folded month names and abbreviations -> 1 to 12. Where two languages disagree the larger one has it
(`listopada` is Polish November, not Croatian October)."""

WELL_KNOWN = frozenset("en de fr es it pt nl sv da no nb nn fi pl".split())
"""Languages of which all months are above, as they stand in dates: what cannot be read with them is no date."""

_HOURS = {
    "z": 0, "utc": 0, "gmt": 0, "wet": 0,
    "bst": 1, "ist": 5.5, "cet": 1, "mez": 1, "west": 1, "wat": 1, "cest": 2, "mesz": 2, "eet": 2, "sast": 2, "cat": 2,
    "eest": 3, "msk": 3, "eat": 3, "trt": 3, "ast": -4, "idt": 3, "irst": 3.5, "gst": 4, "pkt": 5, "npt": 5.75,
    "ict": 7, "wib": 7, "wita": 8, "wit": 9, "hkt": 8, "sgt": 8, "myt": 8, "pht": 8, "awst": 8, "jst": 9, "kst": 9,
    "мск": 3, "acst": 9.5, "acdt": 10.5, "aest": 10, "aedt": 11, "nzst": 12, "nzdt": 13,
    "nst": -3.5, "ndt": -2.5, "adt": -3, "brt": -3, "art": -3, "clst": -3, "clt": -4, "vet": -4, "cot": -5, "pet": -5,
    "edt": -4, "est": -5, "cdt": -5, "cst": -6, "mdt": -6, "mst": -7, "pdt": -7, "pst": -8, "akdt": -8, "akst": -9,
    "hst": -10,
}  # fmt: skip
"""Hours east of Greenwich. Of the ambiguous ones that which English-language bylines write by far the most:
IST India (not Israel, Ireland), CST and CDT North America (not China, Cuba), BST British Summer (not Bangladesh),
AST Atlantic (not Arabia), EST and EDT North America (not Australia before AEST), GST the Gulf, ART Argentina."""

_PLACES = {
    "et": "America/New_York", "eastern": "America/New_York", "ct": "America/Chicago", "central": "America/Chicago",
    "mt": "America/Denver", "mountain": "America/Denver", "pt": "America/Los_Angeles", "pacific": "America/Los_Angeles",
}  # fmt: skip
"""Abbreviations that leave summer time to the date."""

_LOCAL = {("cst", "zh"): 8, ("ist", "he"): 2, ("ist", "ga"): 1}
"""What an ambiguous abbreviation means where the text's language tells."""

ZONE_NAMES = frozenset(_HOURS) | frozenset(_PLACES)


def zone(name: str, language: str | None = None) -> dt.tzinfo | None:
    """The time zone of an abbreviation (`EDT`, `cest`, `ET`), or None if it is not known."""
    key = name.casefold()
    hours = _LOCAL.get((key, primary(language)), _HOURS.get(key))
    if hours is not None:
        return dt.timezone(dt.timedelta(hours=hours))
    if key in _PLACES:
        try:
            return ZoneInfo(_PLACES[key])
        except ZoneInfoNotFoundError:  # a system without zone data
            return None
    return None


def day_first(language: str | None) -> bool | None:
    """Whether 01/02/2023 is the first of February in this language; None where the tag leaves it open (`en`)."""
    if not language:
        return None
    tag = language.replace("_", "-").casefold()
    if tag in ("en-us", "es-us", "en-ph", "fil", "tl"):
        return False
    return None if tag in ("en", "en-ca") else True


def primary(language: str | None) -> str:
    """The first subtag: `pt` of `pt-BR`; empty for None."""
    return (language or "").replace("_", "-").partition("-")[0].casefold()
