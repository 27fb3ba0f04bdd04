"""Common short forms of first names. One short form may stand for several names; it counts as the commonest."""

from __future__ import annotations

from collections import defaultdict

# The name, then what people who have it are called.
_GROUPS = (
    "alexander alex sasha sascha xander",
    "alexandra alexa sandra",
    "andreas andi",
    "andrew andy drew",
    "anthony tony",
    "barbara barb babs",
    "benjamin ben benny",
    "catherine cathy kate katie",
    "charles charlie chuck",
    "christian chris",
    "christina tina",
    "christopher kit topher",
    "daniel dan danny",
    "david dave davey",
    "dorothy dot dottie",
    "edward ed eddie ted teddy",
    "elizabeth liz lizzie beth betty eliza",
    "francisco paco pancho",
    "frederick fred freddie",
    "friedrich fritz",
    "george georgie",
    "gregory greg",
    "giuseppe beppe",
    "hans hannes",
    "henry harry hank",
    "jacob jake",
    "james jim jimmy jamie",
    "jennifer jen jenny",
    "johannes jo",
    "john johnny jack",
    "jonathan jon",
    "jose pepe",
    "joseph joe joey",
    "joshua josh",
    "katharina kathi katja",
    "kenneth ken kenny",
    "lawrence larry",
    "ludwig lutz",
    "margaret maggie meg peggy",
    "matthew matt",
    "matthias matze",
    "maximilian max",
    "michael mike mick mickey micky michi",
    "nicholas nick nicky",
    "patricia pat patty trish",
    "peter pete",
    "philip phil",
    "rebecca becky becca",
    "richard rick ricky dick richie",
    "robert bob bobby rob robbie bert",
    "ronald ron ronnie",
    "samuel sam sammy",
    "stephanie steffi steph",
    "stephen steve stevie",
    "susan sue susie",
    "theresa terry tess",
    "thomas tom tommy",
    "timothy tim timmy",
    "victoria vicky",
    "william bill billy will willy willie",
    "wolfgang wolf",
)

# Short form -> name.
NAMES: dict[str, str] = {}
_FORMS: dict[str, tuple[str, ...]] = defaultdict(tuple)
for _group in _GROUPS:
    _name, *_short = _group.split()
    NAMES |= dict.fromkeys(_short, _name)
    _FORMS[_name] = (_name, *_short)


def spelled_out(words: str) -> str:
    """Words in lower case, with names in place of their short forms."""
    return " ".join(NAMES.get(word, word) for word in words.split())


def forms(name: str) -> tuple[str, ...]:
    """What somebody with this first name may be called besides, in lower case; nothing where that is not known."""
    given = name.strip().lower()
    return tuple(form for form in _FORMS.get(NAMES.get(given, given), ()) if form != given)
