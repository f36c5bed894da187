"""Writes ``portal/people/blocklist.txt``: what guessers try first, as far as it is twelve characters or longer.

Lists of leaked passwords are short ones mostly. What is left at this length is made of the same
few words: two of them in a row, one with the usual tail, one twice. So the list is made from the
words, not copied from a leak. Run it again after changing a word: ``python scripts/make_blocklist.py``.
"""

from itertools import product
from pathlib import Path

TARGET = Path(__file__).resolve().parents[1] / "portal" / "people" / "blocklist.txt"
SHORTEST = 12
PAIRED = 100

# The heads of every published list of common passwords, by topic.
WORDS = """
password passwort passwd passw0rd motdepasse contrasena wachtwoord haslo parola salasana kennwort
welcome willkommen bienvenue bonjour hello hallo hola letmein login signin access enter opensesame
admin administrator root superuser manager master guest user test testing tester default temp temporary
changeme change secret topsecret private secure security server database system support service office
company business account internet computer laptop windows microsoft google facebook apple samsung
qwerty qwertz azerty asdfgh zxcvbn iloveyou loveyou loveme lovely lover forever trustno
sunshine princess monkey dragon shadow superman batman spiderman ironman starwars pokemon
football baseball basketball soccer hockey liverpool arsenal chelsea barcelona juventus
michael jennifer jessica jordan ashley daniel thomas charlie andrew matthew robert joshua
hunter ranger soldier warrior killer tigger buster pepper ginger cookie cheese chocolate
banana orange flower butterfly rainbow diamond silver golden purple yellow
summer winter spring autumn january february march april may june july august september
october november december monday friday sunday christmas birthday holiday family friends
happy freedom whatever nothing something anything computer1 internet1 blink metallica nirvana
london berlin paris madrid newyork california america germany france england canada
mercedes porsche ferrari corvette mustang yamaha harley
""".split()  # noqa: SIM905, a list of words is read as one
TAILS = (  # noqa: SIM905
    "1 12 123 1234 12345 123456 1234567 12345678 123456789 1234567890 0 00 000 007 01 11 111 1111 2 21 22 222 23 3 321 4321 54321 654321 "
    "69 77 777 7 8 88 888 9 99 999 abc abc123 qwerty qwerty123 asdf 1q2w 1q2w3e 1qaz 1qaz2wsx admin forever me "
    "1990 1991 1992 1995 1998 1999 2000 2001 2005 2010 2012 2015 2018 2019 2020 2021 2022 2023 2024 2025 2026 2027"
).split()
PHRASES = """
correcthorsebatterystaple correcthorsebattery iloveyouforever iloveyousomuch iloveyouverymuch ihateyousomuch letmeinplease
pleaseletmein letmeinnow trustnooneelse openthedoor opensesame123 thisismypassword thisispassword mypasswordis
mysecretpassword mypassword123 yourpassword nopassword123 passwordpassword notmypassword forgotpassword ihavenopassword
changethispassword changemenow changemeplease changeitnow temporarypassword defaultpassword initialpassword firstpassword
newpassword123 oldpassword123 administrator1 adminpassword administratorpassword rootpassword userpassword guestpassword
testpassword testtesttest teststeststest qwertyuiopasdf qwertyuiop123 qwertyuiop1234 qwertyuiopasdfghjkl zxcvbnmasdfghjkl
asdfghjklqwertyuiop 1qaz2wsx3edc 1qaz2wsx3edc4rfv 1q2w3e4r5t6y 1q2w3e4r5t6y7u8i 1q2w3e4r5t6y7u8i9o0p q1w2e3r4t5y6 zaq12wsxcde3
zaq1xsw2cde3vfr4 qazwsxedcrfv qazwsxedcrfvtgb abcdefghijkl abcdefghijklmnop abcd1234abcd abc123abc123 abcd1234efgh
a1b2c3d4e5f6 1a2b3c4d5e6f 123abc456def 123qweasdzxc qweasdzxc123 qweasdzxcrty qwe123asd456 asdqwe123456 123qwe123qwe qwerty123456
qwerty1234567 123456qwerty 123456789qwerty 123456789abc 123456abcdef 987654321abc 0123456789ab 112233445566 111222333444
121212121212 123123123123 123321123321 147258369147 159357159357 741852963741 789456123789 102030405060
thequickbrownfox thequickbrownfoxjumps thequickbrownfoxjumpsoverthelazydog thelazydog123 tobeornottobe tobeornottobethatisthequestion
maytheforcebewithyou useyourillusion welcometothejungle stairwaytoheaven hotelcalifornia bohemianrhapsody smellsliketeenspirit
iamthebest123 iamawesome123 ilovemyfamily ilovemymother ilovemydog123 ilovemycat123 ilovejesus123 jesuschrist1 jesuslovesme
godisgood123 godisgreat123 inthebeginning ourfatherwhoartinheaven manchesterunited manchestercity realmadrid123 fcbarcelona
bayernmuenchen bayernmunich borussiadortmund newyorkyankees losangeles123 sanfrancisco sanfrancisco1 philadelphia massachusetts
harrypotter123 lordoftherings gameofthrones winteriscoming startrek1234 supercalifragilisticexpialidocious chucknorris1 arnoldschwarzenegger
michaeljackson michaeljordan cristianoronaldo lionelmessi10 antananarivo constantinople
whatthehell1 internetexplorer googlechrome1 facebook1234 playstation3
playstation4 playstation5 counterstrike callofduty123 worldofwarcraft leagueoflegends minecraft1234 grandtheftauto needforspeed
hallowelt1234 ichliebedich ichliebedich1 passwort1234 passwort12345 geheim123456 sommer202020 jetaime12345 jetaimeforever motdepasse123
contrasena123 teamomucho123 teamoparasiempre tequieromucho
""".split()  # noqa: SIM905


def made() -> list[str]:
    """Return the list: every word with every tail, every two of the first hundred, three times a word, and the phrases."""
    found = set(PHRASES)
    found |= {word + tail for word, tail in product(WORDS, TAILS)}
    found |= {tail + word for word, tail in product(WORDS, TAILS) if tail.isdigit()}
    found |= {first + second for first, second in product(WORDS[:PAIRED], repeat=2)}
    found |= {word * times for word, times in product(WORDS, (2, 3, 4))}
    return sorted(word for word in found if len(word) >= SHORTEST)


if __name__ == "__main__":
    TARGET.write_text("\n".join(made()) + "\n", encoding="utf-8")
