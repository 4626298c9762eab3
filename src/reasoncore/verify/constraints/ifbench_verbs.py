"""Whether a text starts with a verb, by lists.

The reference asks NLTK's part-of-speech tagger for the first token. Here the first word is a verb where it is a form of
``be``, ``have`` or ``do``, the base form of a listed verb, an irregular past, or ends as verbs do; a word that is as
often a noun is none before what follows a noun, as in ``Love is``.
"""

from __future__ import annotations

# Hardly ever nouns; their form in -s counts too.
_VERB_WORDS = (
    "abandon absorb accept accommodate accompany accomplish accumulate accuse achieve acknowledge acquire adapt add "
    "adhere adjust admire admit adopt advise affect afford agree align allocate allow alter amplify analyse analyze "
    "announce anticipate apologize appear apply appoint appreciate approve arise arrange arrive articulate ascend ask "
    "assemble assert assess assign assist assume assure attach attain attend attract avoid await awaken bake ban "
    "banish become befriend beg begin behave behold believe belong blend bless boil borrow breathe bring broaden build "
    "bury buy calculate carry categorize celebrate choose cite clarify classify cling collaborate collapse collect "
    "combine come commemorate commit communicate compare compile complete comply compose compute conceal conceive "
    "concentrate conclude condemn configure confirm confront congratulate connect conquer consider consist consolidate "
    "construct consult consume contain contemplate continue contribute convert convey convince cook cooperate "
    "coordinate cope correct create cultivate customize dare declare decorate decide dedicate deduce deepen define "
    "defend defy delegate delete deliver delve demonstrate deny depend depict deploy derive describe deserve destroy "
    "detect determine develop devise devote diagnose dictate differ differentiate digest discard discover discuss "
    "display distinguish distribute dive divide donate download draw drown eat educate elaborate elect eliminate "
    "embark embody embrace emerge emit emphasize employ empower enable enact encounter encourage endure engage enhance "
    "enjoy enlarge enlighten enrich ensure enter entertain envision equip eradicate erase escape establish estimate "
    "evaluate examine exceed exclude execute exist expand expect explain explore expose express extend extract "
    "facilitate familiarize feel file find finalize follow forbid foresee forget forgive formulate foster fulfil "
    "fulfill gain gather gaze generate get give glance go govern grab grant grasp greet grow handle happen harness "
    "hear help hesitate highlight identify ignite ignore illuminate illustrate imagine imitate immerse implement imply "
    "impose improve incorporate indicate infer inform inherit initialize initiate inject insert inspect inspire "
    "install instruct integrate interpret introduce invent invest investigate invite involve isolate join justify keep "
    "kindle kneel know learn leave lend let listen locate look lose maintain manage manipulate maximize meditate meet "
    "memorize mention merge migrate minimize mix modify motivate multiply navigate negotiate nurture obey obtain occur "
    "offer omit open operate oppose optimize organise organize overcome oversee participate pay perceive perform "
    "permit persist persuade ponder possess pour practise pray predict prefer prepare prescribe preserve prevent "
    "proceed produce promote pronounce propose protect prove provide publish pursue put quantify quit raise reach read "
    "realise realize reassure rebuild recall receive recite recognise recognize recommend reconsider recover recruit "
    "reduce refer refine reflect refrain refuse regard reject rejoice relate relax release rely remain remember remind "
    "remove render reorganize repair repeat replace reply represent reproduce request require resist resolve respect "
    "respond restore retain retrieve reveal revise revisit revolutionize rewrite rid rise roam run satisfy save say "
    "scan schedule see seek seem select sell send separate serve set settle share show shut simplify simulate sing sit "
    "solve speak specify spend spread stand start stay steal stimulate stir strengthen strive study submit succeed "
    "suffer suggest summarise summarize supply suppose surrender survive sustain swear swim take teach tell tend "
    "terminate thank think thrive throw tolerate transcend transfer transform translate transport try uncover undergo "
    "understand undertake unite unleash unlock unveil update uphold upload utilise utilize validate vanish venture "
    "verify visualize visit wander want warn weave welcome widen wish withdraw wonder wrap write yield zoom"
)

_VERB_OR_NOUN_WORDS = (
    "act address aim answer appeal approach arch argue arrest attack attempt back balance bang base bear beat bend "
    "benefit bet bind bite blame block blow boost bounce bow break brush budget burn call camp capture care cast catch "
    "cause center challenge change charge chase check claim clean clear climb close color comb comfort command comment "
    "compromise concern conduct confuse contact contrast control copy count cover crack craft crash cross crush cry "
    "curl cut cycle dance date deal debate debug delay demand deposit design desire dip direct document double doubt "
    "dream dress drink drive drop dry ease echo edit end evidence exchange excuse exercise experience experiment face "
    "fail fall fast fear feature feed fight fill filter finance finish fish fit fix flip float flow fly focus fold "
    "force form frame free freeze fry fuel function guarantee guard guess guide halt hand hang hate head heat hide "
    "hike hire hit hold honor hope host hug hunt hurry hurt impact increase influence interview issue journey judge "
    "jump kick kill kiss label land last laugh launch lay lead lean leap leverage lie lift light limit link list live "
    "load lock log long love lower make map march mark master match matter mean measure mind mirror miss monitor mount "
    "move name need nod note notice number object observe order outline pack paint park part pass pause perfect phone "
    "pick picture pin place plan plant play plot plug point polish post practice present press prevail print "
    "prioritize process profile program progress project promise prompt pull purchase push question quote race rank "
    "rate rebel record reform register regret reign remark rent report research rescue reserve rest result retreat "
    "return review reward ride ring risk rock roll rub rule rush sail sample scale score scream search secure sense "
    "shake shape shift shine ship shoot shop shout sign sink skip sleep slice slide slow smell smile sort sound spark "
    "spell spin split spot stage star state steam steer step stick stop store stretch structure struggle style sum "
    "support surprise surround suspect swap sweep swing switch talk target taste tear test tie time touch tour trace "
    "track trade train transition travel treat trigger trust turn twist type use value view voice vote wait wake walk "
    "wash watch water wave wear weigh win word work worry"
)

_OTHER_FORM_WORDS = (
    "am are be been is was were being has had have having do does did done doing ate became began bought broke brought "
    "built came caught chose driven drove fell felt fought found gave given gone got grew grown heard held kept knew "
    "known laid led left lent lost made meant met paid ran said sang sat saw seen sent shown sold spent spoke spoken "
    "stood stuck struck swam taken taught thought threw told took torn understood went woke won wore woven written "
    "wrote ain"
)

# They end as verbs do.
_NO_VERB_WORDS = (
    "anything beijing ceiling darling during earring evening everything exciting fascinating indeed interesting "
    "hundred kindred king lightning morning naked nothing offspring pudding red ring sacred sibling something spring "
    "sterling string thing united viking wedding wicked wing amazing bed biped shed sled"
)

_AFTER_A_NOUN_WORDS = "is are was were has had will can may might should would could of : 's"

_VERBS = frozenset(_VERB_WORDS.split())
_VERBS_OR_NOUNS = frozenset(_VERB_OR_NOUN_WORDS.split())
_OTHER_FORMS = frozenset(_OTHER_FORM_WORDS.split())
_NO_VERBS = frozenset(_NO_VERB_WORDS.split())
_AFTER_A_NOUN = frozenset(_AFTER_A_NOUN_WORDS.split())


def is_verb(word: str, following: str) -> bool:
    """Whether ``word`` is a verb where ``following`` is the next token; both in any case."""
    word, following = word.lower(), following.lower()
    if word in _NO_VERBS:
        return False
    if word in _VERBS_OR_NOUNS:
        return following not in _AFTER_A_NOUN
    if word in _VERBS or word in _OTHER_FORMS or _is_third_person(word):
        return True
    if not word.isalpha() or word.endswith("eed"):
        return False
    return (len(word) > 3 and word.endswith("ed")) or (len(word) > 4 and word.endswith("ing"))


def _is_third_person(word: str) -> bool:
    """``adds``, ``teaches``, ``applies``."""
    bases = (word.removesuffix("s"), word.removesuffix("es"), word.removesuffix("ies") + "y")
    return any(base in _VERBS for base in bases)
