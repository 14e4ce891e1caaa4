"""Moods: the styles of niches that name none. They leave the colours to the category."""

from infra.writers.rules.brand.lexicon.entries import Style

MOODS: tuple[Style, ...] = (
    Style(
        key="natural",
        fonts="Fraunces,Lora,DM Serif Display",
        leads="Morning,Slow,Little,Green,Gentle,Common,Early,Wild",
        tails="wood,field,brook,dale",
        endings="a,ia,ora,elle",
        tones="gentle,grounded,attentive,warm",
        turns=(
            "We take our time, because most living things do.",
            "No rush, no gloss, and dirt under at least one fingernail.",
            "It is a small pleasure, repeated daily, which is the best kind.",
        ),
    ),
    Style(
        key="warm",
        fonts="DM Serif Display,Fraunces,Lora",
        leads="Sunday,Amber,Open,Kind,Golden,Second,Slow,Corner",
        tails="stead,hearth,nest,wick",
        endings="a,ora,ino,ella",
        tones="warm,generous,easygoing,sincere",
        turns=(
            "The door is open and something is probably in the oven.",
            "It should feel lived in from the first day.",
            "We like things that get nicer with company.",
        ),
    ),
    Style(
        key="sporty",
        fonts="Bebas Neue,Oswald,Montserrat",
        leads="North,First,Long,True,Early,Fast,Home,Open",
        tails="stride,line,pace,bound",
        endings="o,ix,era,on",
        tones="energetic,direct,encouraging,focused",
        turns=(
            "Show up, warm up, go again.",
            "The only number that counts is one more than yesterday.",
            "Less talk, more laps.",
        ),
    ),
    Style(
        key="elegant",
        fonts="Playfair Display,Raleway,DM Serif Display",
        leads="Silk,Ivory,Fine,Soft,Opal,Still,Dear,Lily",
        tails="mere,lace,vane,rose",
        endings="elle,ine,ée,ora",
        tones="graceful,assured,intimate,precise",
        turns=(
            "The details are small, and they are the whole point.",
            "It is the last thing you put on and the first thing people notice.",
            "Never loud, never missed.",
        ),
    ),
    Style(
        key="technical",
        fonts="Space Grotesk,Poppins,Syne",
        leads="Clear,Prime,Parallel,Open,Node,Direct,Vector,Bright",
        tails="base,grid,loop,stack",
        endings="on,ix,io,eon",
        tones="clear,clever,exact,friendly",
        turns=(
            "If it needs a manual thicker than itself, we have not finished choosing.",
            "Good technology gets out of the way and leaves the desk tidier.",
            "We are fond of the specification sheet, and fonder of never needing it.",
        ),
    ),
    Style(
        key="playful",
        fonts="Poppins,Fraunces,Syne",
        leads="Jolly,Little,Hello,Happy,Wiggle,Merry,Giddy,Sunny",
        tails="pop,hop,bee,loo",
        endings="o,i,oo,ola",
        tones="playful,kind,bright,cheeky",
        turns=(
            "Grown-ups may look, but they have to share.",
            "A little mess is a sign that it is working.",
            "We take fun seriously and nothing else.",
        ),
    ),
    Style(
        key="street",
        fonts="Bebas Neue,Syne,Oswald",
        leads="Corner,Late,Loud,Block,Second,Off,Local,Northside",
        tails="block,line,side,club",
        endings="o,ex,ay,us",
        tones="confident,quick,dry,original",
        turns=(
            "Seen first on pavements, then everywhere else.",
            "Wear it wrong; that is usually how the good ideas start.",
            "No dress code, no velvet rope, no restock of yesterday.",
        ),
    ),
    Style(
        key="quiet",
        fonts="Lora,Playfair Display,Montserrat",
        leads="Quiet,Inner,Paper,Late,Margin,Slow,Letter,Half",
        tails="leaf,line,mark,read",
        endings="a,um,ine,el",
        tones="thoughtful,dry,curious,patient",
        turns=(
            "It is best with a lamp, a chair, and nobody asking what is for dinner.",
            "We are slow on purpose and late with pleasure.",
            "Attention is the only luxury we insist on.",
        ),
    ),
)
