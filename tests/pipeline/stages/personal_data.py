"""Comments of patients with personal data made up for tests, and where it is.

Every value belongs to nobody: numbers kept for fiction, hosts of examples, test ranges, or digits
drawn at random. There are two halves of formats: ``known`` ones, with which the patterns were
written, and ``further`` ones, written when the patterns stood, to measure them honestly.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random
from typing import Literal, NamedTuple

Value = Callable[[Random], str]
Half = Literal["known", "further"]


class Example(NamedTuple):
    """A comment, and start, end and type of what in it is personal."""

    text: str
    truth: tuple[tuple[int, int, str], ...]


@dataclass(frozen=True)
class Kind:
    """Notations of a type: its values, and sentences around ``{}``."""

    name: str
    values: tuple[Value, ...]
    sentences: tuple[str, ...]


@dataclass(frozen=True)
class Formats:
    """One half: what is personal, what only looks so, and what doesn't."""

    kinds: tuple[Kind, ...]
    near_misses: tuple[str, ...]
    harmless: tuple[str, ...]


def examples(half: Half, *, seed: int, count: int) -> Iterator[Example]:
    """Comments of one to three sentences; more than half hold personal data."""
    rng = Random(f"{half} {seed}")
    formats = HALVES[half]
    names = sorted({kind.name for kind in formats.kinds})
    for _ in range(count):
        text = ""
        truth: list[tuple[int, int, str]] = []
        for _ in range(rng.choice((1, 1, 2, 3))):
            drawn = rng.random()
            if drawn < 0.5:
                name = rng.choice(names)
                kind = rng.choice([kind for kind in formats.kinds if kind.name == name])
                value = rng.choice(kind.values)(rng)
                before, after = rng.choice(kind.sentences).split("{}")
                start = len(text) + len(before)
                truth.append((start, start + len(value), name))
                text += before + value + after
            elif drawn < 0.8:
                text += _fill(rng, rng.choice(formats.near_misses))
            else:
                text += rng.choice(formats.harmless)
            text += rng.choice((" ", " ", " ", "  ", "\n"))
        yield Example(text.rstrip(), tuple(truth))


def form(*patterns: str) -> Value:
    """Values of one of these forms: see :func:`_filled`."""
    return lambda rng: _fill(rng, rng.choice(patterns))


def to_lower(value: Value) -> Value:
    """The same values in small letters."""
    return lambda rng: value(rng).lower()


def person(rng: Random) -> str:
    """A first and a last name."""
    return f"{rng.choice(_FIRST)} {rng.choice(_LAST)}"


def email(*patterns: str) -> Value:
    """Addresses from ``{first}``, ``{last}`` and digits."""

    def value(rng: Random) -> str:
        first, last = person(rng).lower().split()
        return _fill(rng, rng.choice(patterns)).format(first=first, last=last)

    return value


def nhs_number(*patterns: str) -> Value:
    """Ten digits in the form given, from a random start, with the right check digit."""

    def value(rng: Random) -> str:
        while True:
            digits = f"{rng.choice(('999', '999', '4', '6', '7'))}{rng.randrange(10**9):09}"[:9]
            weighted = sum(int(d) * w for d, w in zip(digits, range(10, 1, -1), strict=True))
            check = (11 - weighted % 11) % 11
            if check < 10:
                return _place(f"{digits}{check}", rng.choice(patterns))

    return value


def card(prefix: str, *patterns: str) -> Value:
    """Card numbers that begin so, in the form given, that pass Luhn's check."""

    def value(rng: Random) -> str:
        pattern = rng.choice(patterns)
        length = pattern.count("~")
        body = prefix + "".join(str(rng.randrange(10)) for _ in range(length - len(prefix) - 1))
        doubled = (divmod(2 * int(d), 10) for d in body[::-2])
        total = sum(map(sum, doubled)) + sum(map(int, body[-2::-2]))
        return _place(f"{body}{-total % 10}", pattern)

    return value


def iban(country: str, bank: str, *patterns: str) -> Value:
    """Bank accounts: ``bank`` is the part after the check digits, patterns show the grouping."""

    def value(rng: Random) -> str:
        rest = _fill(rng, bank)
        number = "".join(str(int(character, 36)) for character in f"{rest}{country}00")
        whole = f"{country}{98 - int(number) % 97:02}{rest}"
        return _place(whole, rng.choice(patterns))

    return value


def date(*forms: str, first: int = 1931, last: int = 1999) -> Value:
    """Days in forms of ``{d}``, ``{m}``, ``{y}``, ``{month}``, ``{mon}``, ``{th}`` and so on."""

    def value(rng: Random) -> str:
        day, month, year = rng.randint(1, 28), rng.randint(1, 12), rng.randint(first, last)
        th = {1: "st", 2: "nd", 3: "rd", 21: "st", 22: "nd", 23: "rd"}.get(day, "th")
        name = _MONTHS[month - 1]
        return rng.choice(forms).format(
            d=day, dd=f"{day:02}", m=month, mm=f"{month:02}", y=year, yy=f"{year % 100:02}",
            month=name, mon=name[:3], th=f"{day}{th}",
        )  # fmt: skip

    return value


def postcode(*outward: str, gap: str = " ") -> Value:
    """Full postcodes of these outward forms."""

    def value(rng: Random) -> str:
        inward = "".join(rng.choice("ABDEFGHJLNPQRSTUWXYZ") for _ in range(2))
        return f"{_fill(rng, rng.choice(outward))}{gap}{rng.randrange(10)}{inward}"

    return value


def _fill(rng: Random, pattern: str) -> str:
    """``~`` becomes a digit, ``=`` one that is not 0, ``^`` a capital letter."""
    return "".join(
        str(rng.randrange(10))
        if character == "~"
        else str(rng.randint(1, 9))
        if character == "="
        else rng.choice("ABCEHJKLMNPRSTWXYZ")
        if character == "^"
        else character
        for character in pattern
    )


def _place(characters: str, pattern: str) -> str:
    """The characters in place of each ``~``; one ``~`` alone takes them all."""
    if pattern == "~":
        return characters
    rest = iter(characters)
    return "".join(next(rest) if c == "~" else c for c in pattern).strip()


_FIRST = ("Jane", "Omar", "Priya", "Tom", "Agnes", "Luca", "Mary", "Chen", "Ade", "Sheila")
_LAST = ("Doe", "Sample", "Exemplar", "Nobody", "Roe", "Bloggs", "Placeholder", "Tester")
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip

_BRITISH_FICTION = form(
    "07700 900~~~", "07700900~~~", "01632 960~~~", "01632960~~~", "020 7946 0~~~",
    "(020) 7946 0~~~", "02079460~~~", "0113 496 0~~~", "+44 7700 900~~~", "+447700900~~~",
    "+44 (0)20 7946 0~~~", "07700-900-~~~",
)  # fmt: skip
_AMERICAN_FICTION = form(
    "(202) 555-01~~", "(202)555-01~~", "202-555-01~~", "202.555.01~~", "+1 202 555 01~~",
    "+1-202-555-01~~", "1-202-555-01~~",
)  # fmt: skip

# fmt: off
_KNOWN = Formats(
    kinds=(
        Kind("email",
             (email("{first}.{last}@example.org", "{first}{last}~~@example.com"),
              email("{first}_{last}@mail.example.org", "{first}@example.co.uk"),
              email("{first}.{last}+nhs@example.net")),
             ("You can reach me at {} any time.", "Email: {}", "please write to {}, thanks",
              "({})", "my e-mail address is {}!"),
        ),
        Kind("phone",
             (_BRITISH_FICTION, _BRITISH_FICTION, _AMERICAN_FICTION),
             ("Please call me on {}.", "Nobody rang me back on {} after 2 weeks.",
              "My mobile is {}, I am free after 10:30.", "Tel: {}", "{} is the best number",
              "Contact my daughter ({}) please"),
        ),
        Kind("card",
             (card("4", "~~~~ ~~~~ ~~~~ ~~~~", "~~~~-~~~~-~~~~-~~~~", "~" * 16),
              card("53", "~~~~ ~~~~ ~~~~ ~~~~", "~" * 16),
              card("37", "~~~~ ~~~~~~ ~~~~~", "~" * 15), card("6011", "~~~~ ~~~~ ~~~~ ~~~~")),
             ("The car park took my card {} twice.", "I paid with {} and got no receipt.",
              "Card number: {}, expires 12/27."),
        ),
        Kind("iban",
             (iban("GB", "NWBK~~~~~~~~~~~~~~", "~~~~ ~~~~ ~~~~ ~~~~ ~~~~ ~~", "~"),
              iban("DE", "~~~~~~~~~~~~~~~~~~", "~~~~ ~~~~ ~~~~ ~~~~ ~~~~ ~~", "~")),
             ("Refund my parking to {} please.", "IBAN {}", "my bank ({}) was charged twice"),
        ),
        Kind("nhs_number",
             (nhs_number("~~~ ~~~ ~~~~"),),
             ("My NHS number is {}.", "NHS no: {} and still no letter",
              "I am patient {} on your list.", "nhs number {}"),
        ),
        Kind("ssn",
             (form("1~~-=~-~~~="),),
             ("My SSN is {}.", "They asked for {} at the desk.", "social security number {}"),
        ),
        Kind("ni_number",
             (form("QQ ~~ ~~ ~~ C", "AB~~~~~~C", "JG ~~ ~~ ~~ A", "AB ~~~~~~ D"),),
             ("My NI number is {}.", "national insurance {}",
              "They had {} on the form, not mine."),
        ),
        Kind("postcode",
             (postcode("NX=", "WK1~", "EB=", "HK=", "NE=", "S1~", "SW1A", "B=", "LS2~"),
              postcode("NX=", "M1~", "TS=", gap=""), to_lower(postcode("NX=", "NE=", "DL1~"))),
             ("I live at {} and the bus takes an hour.", "It is 12 High Street, {}.",
              "postcode {}", "Too far from {}!"),
        ),
        Kind("zip",
             (form("=~~~~-~~~="),),
             ("I drive from {} each week.", "ZIP: {}", "Springfield, IL {}."),
        ),
        Kind("date_of_birth",
             (date("{dd}/{mm}/{y}", "{d}/{m}/{yy}", "{d} {month} {y}", "{th} {month} {y}"),
              date("{dd}-{mm}-{y}", "{y}-{mm}-{dd}", "{dd}.{mm}.{y}", "{month} {d}, {y}")),
             ("DOB: {}", "I was born on {}.", "My date of birth is {} and you had it wrong.",
              "d.o.b. {}", "He was born {} here."),
        ),
        Kind("ip",
             (form("192.0.2.1~~", "198.51.100.=", "203.0.113.~"),
              form("2001:db8::=~", "2001:db8:0:1::=f")),
             ("The portal says my address {} is blocked.", "IP: {}", "logged in from {}, no luck"),
        ),
        Kind("url",
             (form("https://example.org/patients/~~~~", "http://www.example.com/a?id~~"),
              form("www.example.org", "www.example.org/me/~~~", "HTTPS://EXAMPLE.ORG/X")),
             ("I wrote about it on {}.", "See {} for the photos", "({})", "link: {}, please read"),
        ),
        Kind("handle",
             (form("@jane_doe", "@omar~~", "@NobodyInParticular", "@roe.mary"),
              form("@jane@example.org")),
             ("Thanks {}!", "{} you saved my mum", "DM me at {} please", "RT {}: great ward"),
        ),
        Kind("record_number",
             (form("=~~~~~~", "^=~~~~~", "^^=~~~~~~", "=~~-~~~~~", "20~~/=~~~~"),),
             ("My hospital number is {}.", "MRN: {}", "Patient ID {} was mixed up.",
              "Case number {}", "complaint ref {} got no answer", "your reference: {}.",
              "hospital no. {}, ward 12B"),
        ),
        Kind("account",
             (form("=~~~~~~~"),),
             ("Account number {}.", "Please refund account no: {}", "my bank account is {}"),
        ),
        Kind("passport",
             (form("=~~~~~~~~", "^=~~~~~~~"),),
             ("My passport number is {}.", "Passport no {}", "They copied my passport ({})."),
        ),
        Kind("vehicle",
             (form("^^1~ ^^^", "^^6~ ^^^", "^=~~ ^^^"),),
             ("My car reg is {}.", "number plate {}", "registration: {}, a fine of £60"),
        ),
        Kind("driving_licence",
             (form("SAMPL60505~^^9^^", "DOE99~1128=J99AB"),),
             ("Driving licence {}.", "They scanned {} at the desk", "my driving licence no: {}"),
        ),
    ),
    near_misses=(
        "We came at 10:30 and left at 14.45.",
        "I was given 500 mg, then 2 x 250mg and 0.5ml.",
        "Visiting is 0800-1200 and 1400 - 1800.", "My order =~~~~~~~ never came.",
        "The order number ==~~~~~~~~ is for the glasses.",
        "Invoice number =~~~~~~ was paid.",
        "Ward 12B and A4 ward are lovely, bay C2 is cold.",
        "Stuck on the M25 2hr, then the A1 2nd exit.",
        "Vitamin B12, G6PD and a T2 scan on level 3.",
        "It cost £12.50, then £1,250.00 and $30.",
        "A wait since 2019, worse in 2020-2021.",
        "Seen on =~/0=/2023 and again on 3 March 2024.",
        "10/10 from me, 5-0 to the nurses, 100%!",
        "My blood pressure was 1~~/8~ and BMI 2~.4.", "I rang 111, then 999, then 101.",
        "COVID-19 ward, app version 1.2.3, iOS 17.1.", "See you @ 3pm, or me@work.",
        "The number 4==~~~~~~~~~~~~ on the box is a barcode.",
        "Wait of 2-3 hours, 15 - 20 mins late, 24/7.",
        "Bed 14, room 1012, theatre 3, clinic 7.",
        "Over 100,000 patients and 1 500 staff.", "Nurse number 4 of 12.",
        "Q27: 8,9810 and 086.", "At 07.00 I rang 30 times, 0745 to 0830.",
        "Born in 1956, I remember better days."),
    harmless=(
        "The nurses were lovely.", "Nothing, all fine!", "Rude at the front desk",
        "waited for ages... no one came", "Couldn’t fault anything – thank you 🙏"),
)

_ABROAD = form(
    "+353 20 911 0~~~", "+33 1 99 00 ~~ ~~", "+61 491 570 1~~", "+49 30 23125 ~~~",
    "+34 6== ~~~ ~~~", "+91 98=~~ ~~~~~", "+48 51= ~~~ ~~~",
)  # fmt: skip
_OTHER_BRITISH = form(
    "07700 900 ~~~", "0770 0900~~~", "07700  900~~~", "+44 (0) 7700 900~~~", "0044 7700 900~~~",
    "+44-7700-900-~~~", "020 79460~~~", "020-7946-0~~~", "0113 4960~~~", "0808 157 0~~~",
    "(01632) 960~~~", "01632-960~~~", "07700.900.~~~", "00 44 20 7946 0~~~", "077 009 00 ~~~",
    "(0113) 496 0~~~", "028 9649 6~~~", "029 2018 0~~~", "0161 496 0~~~",
)  # fmt: skip
_OTHER_AMERICAN = form(
    "202 555 01~~", "(202)-555-01~~", "1 (202) 555-01~~", "+12025550=~~", "+1 (202) 555-01~~",
    "312 555 01~~", "(415) 555 01~~", "202 - 555 - 01~~", "+1.202.555.01~~",
)  # fmt: skip

_FURTHER = Formats(
    kinds=(
        Kind("email",
             (lambda rng: email("{first}.{last}@example.org")(rng).upper(),
              email("o'{last}@example.org", "{first}-{last}@my-host.example.com"),
              email("=~~~~~~~@example.com", "{first}@mail.ward~.example.co.uk"),
              email("{first}%{last}@example.org", "_{first}_@example.info"),
              email("{first}.{last}19=~@example.nhs.uk"),
              lambda rng: "".join(rng.choice("äöüéñ") for _ in "12") + "x@example.org"),
             ("mailto:{}", "e mail {} - thanks", "Jane <{}> wrote it", "Write to {}; or don't.",
              "Jane Roe ({}), ward 4", "email={}", "“{}” is where you can find me",
              "my mail {}, I check it 2 x a day", "CONTACT {} NOW"),
        ),
        Kind("email",
             (email("{first}@example.org"),),
             ("It is {}.I read it daily", "{}/ask for me"),
        ),
        Kind("phone",
             (_OTHER_BRITISH, _OTHER_BRITISH, _OTHER_AMERICAN, _ABROAD),
             ("my no is {}", "ring {} after 5pm", "text {} pls, not before 10",
              "(home {}, evenings)", "M: {}", "{}, ask for Tom", "whatsapp {}",
              "I left {} with the receptionist on 12/03/2023.", "phone number:{}", "T.{}",
              "Aged 82, phone {}", "call {} or come to ward 12", "It's {}!!"),
        ),
        Kind("phone",
             (form("20255501~~", "31255501~~", "960~~~", "555-01~~", "7700 900~~~"),),
             ("call me at {}", "Tel. {}", "my mobile number is {}, thanks", "phone: {}",
              "please ring me back on {}.", "contact number {}"),
        ),
        Kind("phone",
             (form("020 7946 0~~~ ext 4~", "020 7946 0~~~ x12~", "01632 960~~~, extension ~~~"),),
             ("Dad's office is {}.", "work: {}"),
        ),
        Kind("card",
             (card("2221", "~~~~ ~~~~ ~~~~ ~~~~", "~" * 16),
              card("36", "~~~~ ~~~~~~ ~~~~", "~" * 14), card("3530", "~~~~ ~~~~ ~~~~ ~~~~"),
              card("62", "~~~~ ~~~~ ~~~~ ~~~~ ~~~"),
              card("4", "~~~~.~~~~.~~~~.~~~~", "~~~~  ~~~~  ~~~~  ~~~~", "~~~~ ~~~~~~~~ ~~~~"),
              card("34", "~~~~-~~~~~~-~~~~~")),
             ("visa {} exp 03/27 cvv 123", "My Mastercard:{}", "charged £12.50 to {} in 2023",
              "they wrote down {}!", "card {} 123 was declined"),
        ),
        Kind("iban",
             (iban("FR", "~~~~~~~~~~^~~~~~~~~~~~~", "~", "~~~~ ~~~~ ~~~~ ~~~~ ~~~~ ~~~~ ~~~"),
              iban("NL", "ABNA~~~~~~~~~~", "~", "~~~~ ~~~~ ~~~~ ~~~~ ~~"),
              iban("BE", "~~~~~~~~~~~~", "~~~~ ~~~~ ~~~~ ~~~~"),
              iban("IE", "AIBK~~~~~~~~~~~~~~", "~~~~-~~~~-~~~~-~~~~-~~~~-~~"),
              to_lower(iban("GB", "BARC~~~~~~~~~~~~~~", "~", "~~~~ ~~~~ ~~~~ ~~~~ ~~~~ ~~")),
              iban("PL", "~" * 24, "~~~~ ~~~~ ~~~~ ~~~~ ~~~~ ~~~~ ~~~~")),
             ("{} is the account for the refund", "Send the £20 to iban: {} today",
              "Bank: {}; BIC on request", "my account {}."),
        ),
        Kind("nhs_number",
             (nhs_number("~~~ ~~~ ~~~~", "~~~-~~~-~~~~", "~~~~~~~~~~", "~~~ ~~~~~~~"),),
             ("NHS No. {}", "NHS number: {}", "(NHS no. {})", "NHS NUMBER - {}",
              "my nhs number was {} all along", "NHS# {}", "nhs no.{}, seen twice", "NHS ID {}"),
        ),
        Kind("nhs_number",
             (nhs_number("~~~ ~~~ ~~~~"),),
             ("The NHS number on the letter is {}.", "{}, ward 7", "Mr Roe {} waits"),
        ),
        Kind("ssn",
             (form("2~~-=~-~~~=", "4~~ =~ ~~~=", "5~~=~~~~="),),
             ("SSN: {}", "social security no. {}", "Social Security number is {}!", "ssn# {}",
              "SSN {}, again"),
        ),
        Kind("ssn",
             (form("3~~-=~-~~~="),),
             ("I gave my social, {}.", "({})", "{} was on the wristband"),
        ),
        Kind("ni_number",
             (form("AB ~~~~~~ C", "HL ~~ ~~ ~~ B", "AB-~~-~~-~~-C", "ab~~~~~~c", "Qq~~~~~~C"),),
             ("my number, {}, is right", "NINO {}", "NI no: {}", "({})",
              "Insurance no {} refused"),
        ),
        Kind("ni_number",
             (form("ab ~~ ~~ ~~ c", "AB ~~ ~~ ~~", "JG~~~~~~"),),
             ("NI number {}", "national insurance number is {}.", "National Insurance No. {}"),
        ),
        Kind("postcode",
             (postcode("EC1A", "W1A", "SE1P", "DN5~", "CR2", "BT12", "EH1~", "G1~", "NW1W"),
              postcode("NX1", "OX3", "CF10", gap="  "),
              to_lower(postcode("NX1", "EB2", "SW1A", "CB1", gap="")),
              to_lower(postcode("B3~", "E1~", "PO1", "HU=")),
              lambda rng: postcode("NX1", "TW8", "YO1")(rng).capitalize()),
             ("({})", "We came from {} by taxi, £25!", "near {}, no bus",
              "My address: 3 The Green, Leeds {}", "Post code is {}.", "{} here",
              "moved to {}/Leeds last year"),
        ),
        Kind("zip",
             (form("=~~~~", "=~~~~-~~~="),),
             ("I'm in Boston, MA {}.", "Austin TX {}", "NY, {}"),
        ),
        Kind("zip",
             (form("=~~~~"),),
             ("zip code is {}", "My zip: {}", "Zip {}!"),
        ),
        Kind("zip",
             (form("0~~~~-~~~="),),
             ("mail it to {} please", "({})"),
        ),
        Kind("date_of_birth",
             (date("{th} of {month} {y}", "{d} {mon} {y}", "{d}-{mon}-{y}", "{mon} {th} {y}"),
              date("{d}/{m}/{yy}", "{dd} {mm} {y}", "{d}. {m}. {y}", "{month} {th}, {y}"),
              date("{d} {mon} '{yy}", "{y}/{mm}/{dd}", "{dd}.{mm}.{yy}", "{th} {month}, {y}"),
              date("{mon} {d} {y}", "{d}{mon}{y}", "{dd}{mm}{y}")),
             ("dob {}", "DOB - {}", "Date of Birth: {}", "D.O.B: {}", "born: {}", "D.o.B. {}",
              "birth date {}", "dob={}, wrong on the letter", "my son (born {}) was seen",
              "date of birth is the {}", "DoB:{}"),
        ),
        Kind("date_of_birth",
             (date("{d} {month} {y}", "{dd}/{mm}/{y}"),),
             ("She was born in Leeds on {}.", "I was born on Sunday {}.", "{} is my birthday",
              "{} (DOB)", "{} was my date of birth, not that", "Baby born at home on {}!"),
        ),
        Kind("date_of_birth",
             (date("{th} {month}", "{d} {month}"),),
             ("My birthday is {}.", "my birthday on {} was spent here"),
        ),
        Kind("ip",
             (form("10.0.0.=~", "172.16.=.1~~", "192.168.1.="),
              form("fe80::1ff:fe23:4567:89~a", "2001:DB8:~::A="),
              form("2001:0db8:0000:0000:0000:ff00:0042:83=9")),
             ("ip address {}", "[{}] in the error page", "Error from {}: please retry",
              "wifi gave me {}!", "({}, 12/03/2023)"),
        ),
        Kind("ip",
             (form("203.0.113.=~"),),
             ("server {}:8080 is down", "http error, {}/24"),
        ),
        Kind("url",
             (
              form("https://user:pw@example.org/x", "http://192.0.2.1/x~"),
              form("www.example.co.uk/-jane"),
              form("https://example.org/a?q*jane+doe&n*5#top", "HTTP://WWW.EXAMPLE.COM"),
              form("ftp://example.org/f", "Www.Example.org/~~", "https://example.org:8443/(x)/y"),
              form("https://m.facebook.example/jane.roe.~~", "http://t.example/^^~")),
             ("<{}>", "my review:{}", "[{}]", "Photo at {}!!", "{} <- read this", "“{}”",
              "see {}…", "here {}\nthanks"),
        ),
        Kind("handle",
             (form("@Jane_Doe99", "@_omar_", "@TOMROE", "@mary.sample", "@roe@social.example"),
              form("@x~~", "@ade-roe")),
             ("({})", "well done {}", "cc {}.", "Insta {} has photos", "“{}” on X",
              "follow me: {}!", "via {}/Twitter", "by {}'s mum"),
        ),
        Kind("record_number",
             (form("^=~~~~~", "00~~~~~~", "=~~~~~~~", "=~~ ~~~~", "=~~-~~~-~"),
              form("^^^=~~~~", "^~~~~~~~^")),
             ("hospital no: {}", "Hosp No {}", "MRN#{}", "MRN is {}, not that",
              "medical record number {}", "(hospital number {})", "Hospital Number:{}",
              "patient ref {}", "PALS ref: {}", "reference number {}", "ref no. {} unanswered",
              "case id {}", "incident number {}.", "Claim no. {}", "policy number {}",
              "member id {}", "unit no {}", "appointment ref {}", "My Ref: {}", "Patient No.{}",
              "chart # {}", "health card number {}"),
        ),
        Kind("record_number",
             (form("CMP-20~~-0~~~", "AB/~~~~/22", "23/0~~=", "=~~~ ~~~~ ~~~~"),),
             ("Complaint reference {}", "Datix ref {}", "case no {}", "UBRN {}",
              "your ref {}, no reply"),
        ),
        Kind("account",
             (form("=~~~~~~~", "00~~~~~~", "=~~~ ~~~~", "=~~~~~"),),
             ("acc no {}", "a/c {}", "Acct # {}", "account: {}", "Bank account number is {}",
              "A/C no. {}"),
        ),
        Kind("account",
             (form("~~-~~-=~", "~~ ~~ ~="),),
             ("sort code {}", "Sort code: {}", "sortcode {}"),
        ),
        Kind("account",
             (form("20-~~-=~ =~~~~~~~"),),
             ("pay {} please", "refund to {}!"),
        ),
        Kind("passport",
             (form("^^=~~~~~~", "=~~~~~~~~", "^0=~~~~~~"),),
             ("passport: {}", "Passport no. {}", "passport # {}", "my passport, number {}",
              "passport number was {}"),
        ),
        Kind("vehicle",
             (form("^^1=^^^", "^^2~ ^^^", "^~~^^^"), to_lower(form("^^7= ^^^"))),
             ("vehicle reg {}", "my number plate is {}", "reg no: {}", "Registration number {}."),
        ),
        Kind("driving_licence",
             (form("ROE99~05079^^9^^", "BLOGG81112~^99AB"),),
             ("my licence {}", "drivers licence number {}", "({})", "Licence no: {}"),
        ),
        Kind("driving_licence",
             (form("^=~~~~~~", "=~~~~~~~"),),
             ("driver's license {}", "Driver’s license number: {}", "driving license no {}"),
        ),
    ),
    near_misses=(
        "Room B12, bed 3A, bay 4.", "6-8 weeks became 12-14 weeks.",
        "Rang at 8.30, 9.15 and 10.45, then gave up.", "3x500mg at 0600 1200 1800.",
        "The A1(M) and M62 J25 were shut.", "2nd floor, E2 4th bed, W1 2nd bay.",
        "Ticket 00123456 was called last.",
        "The tracking number 441234567=~~~ never moved.",
        "It must cost £1,234,567.89 for 1,000,000 people.",
        "Seen 12.5.23 and the 12th of May 2023.",
        "ISBN 978-3-16-148410-0 is a good book.",
        "The serial number 1234=-67~9 is on the pump.", "Scored 7/10, 8/10 and 9/10.",
        "T4 N1 M0, HbA1c 48, L4/L5.", "From 01/02/2023 to 03/04/2023 nobody came.",
        "Open 0800 to 1800, call 0800 to 1000.",
        "My birthday was ruined, 5 hours of waiting.",
        "Born premature at 32 weeks and 4 days.", "Delivery ref 12345=~ for my crutches.",
        "Order no. 4415563=~~ arrived.", "The 1st, 2nd and 3rd call on 111 option 2.",
        "With reference to 2019, your report says 15000.",
        "I was patient number 5 in the queue, case 3.",
        "2019/20 and 2020/21 were better.", "Mon-Fri 9-5, 24-48 hrs, 72 hours.",
        "O2 sats 92-94%, temp 38.5, pulse 120, bp 140/90.",
        "2.5mg/5ml, 0.9% saline 1000ml, 1.5 l.",
        "NHS 111 sent me, the 999 call was at 2359.",
        "Phoned 10 times in 30 minutes on 12/03/2023.",
        "About 12345 steps a day, 10000 is the aim.",
        "Windows 10.0.19045 and app 12.4.1 crash.", "Met @ the desk @10:30 @ £5 each.",
        "Channel 4, bus 36, exit 7b, gate C.", "Level 1: 20 30 40 50; level 2: 25 35 45.",
        "The number 12 is not on the door.",
        "Text 2 or 3 times a week, call 1 hour before.", "My account of 2023: 5 visits.",
        "Insurance of 2000 pounds, passport control took 2 hours.",
        "I.P. ward 3, v2.0.1, 3.2.1 go!", "Batch 20230145=, expiry 2025-12-31.",
        "1) parking 2) food 3) noise 4) sleep", "(0-10) I say 10, (1-5) I say 5.",
        "At 10:15:30 and 12:00:00 the alarm rang."),
    harmless=(
        "Everyone was so kind :)", "nil", "Food cold; staff warm.",
        "Très bien, merci – “parfait”", "They listened... and that's all I wanted"),
)
# fmt: on

HALVES: dict[Half, Formats] = {"known": _KNOWN, "further": _FURTHER}
