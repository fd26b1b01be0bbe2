"""Lists of first and last names, and which of their entries are words as well.

The lists are those of the Faker package (MIT; some 70 locales).
"""

from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from clawtrain_assets.core.privacy.wordlists import words

# First names that are words, tools, places or months as well.
AMBIGUOUS = frozenset(
    words(
        "Will May Mark Grace Rose Hope Art Bill Rob Sue Pat Jack Frank Grant Chase Hunter "
        "Mason Cooper Dean Earl King Prince Summer Autumn April June August Dawn Joy Faith "
        "Angel Christian Jordan Paris Austin Dallas Houston Virginia Georgia Carolina "
        "Brooklyn Chelsea Florence Lance Chance Drew Ray Rich Chuck Buck Gene Guy Max Miles "
        "Page Penny Ruby Crystal Jade Amber Ivy Lily Daisy Olive Iris Violet Heather Ginger "
        "Sandy Star Storm River Lane Cliff Dale Glen Heath Reed Roman Noble Major Royal "
        "Sterling Victor Java Julia Dart Claude Ada Pascal Haskell Jenkins Kafka Travis "
        "Alexa Cassandra Elixir Apollo Athena Jasmine Selenium Gemini Israel India China "
        "Asia America London Vienna Sydney Adelaide Charlotte Lincoln Washington Kent Sky "
        "Sunny Merry Happy Honey Precious Pleasant Justice Mercy Patience Prudence Constant "
        "Early Best Young Long Short Small Little Brown Black White Green Gray Grey Golden "
        "Silver Wise Good Love Man Bell Case Cash Clay Cody Coy Curt Dock Doc Fern Forest "
        "Foster Gale Jay Jean Josh Ken Lee Link Mary Mike Nick Otto Parker Pearl Porter "
        "Ramon Red Robin Rod Sage Sandra Santa See Shade Son Stone Sun Tab Tad Terra Tip Tod "
        "Tommie Tracy Trinity True Van Vita Wade Ward Web Webster Wood Worth The This That "
        "And But For Not You All Can Her Was One Our Out Day Has Him How New Now Old Two Way "
        "Who Did Its Let Say She Too Use In On At To Do Go If Is It My No Of Or So Up We Are "
        "Any Ask Set Run Add Get Put Test Code File Line Data Note Time Type Name January "
        "February March July September October November December Monday Tuesday Wednesday "
        "Thursday Friday Saturday Sunday Skip Trace Tone Server Edit Emit Clean Trend Model "
        "Tool General Public Linux Apple Amazon Oracle Docker Python Merge Fix Patch Rebase "
        "Branch Master Main Alpha Beta Delta Omega Sigma Theta Melody Harmony Liberty Mina "
        "Nova Luna Aurora Bella Stella Meta French Unknown Unnamed Press Valid Unique Minor "
        "Male Made German Math Echo Hence Roll Ceil Safari Easter Orange Company List Each "
        "Read Comment Must More Field Fields Close Date Block Clear Key Back Fall English "
        "Marks Font Stack Renders Hook Holder Mach Parent Parts Reader Mesa Rust Power Pop "
        "Real Kind Guard Sans Wall Cross Roots Cases Deep Post Low Singleton Handler Char "
        "Bail Bare Smart Swift Ring Hand Stock Strong Law Fee Half Street Refs Bins Sales "
        "Fair Price Mountain Bridges Fresh Dash Story Room Sur Flood Suffix Buffer Grande "
        "Shell Bash Perl Cargo Maven Gradle Vault Consul Nomad Helm Puppet Chef Salt Ember "
        "React Angular Vue Spring Flask Dagster Cursor Windsor Logger Worker Runner Finder "
        "Keynote Pages Numbers Mail Messages Notes Chrome Opera Brave Edge Bard Sonnet Haiku "
        "Opus Llama Mistral Gemma Phi Falcon Titan Nemo Jetson Sparks Spark Sony Nokia "
        "Siemens Bosch Ford Tesla Berlin Madrid Roma Milan Lisbon Dublin Hamburg Denver "
        "Boston Jersey Dev "
        # Words that begin sentences of other languages.
        "Les Del Con Che Dove Era Esa Esta Hasta Hoy Nada Pero Mal Dann Darin Davon Durante Ante "
        "Sie Von Ala Ale Ani Oni Ona Ver Til Ora Prima Sera Uno Vide Lien Champ Ville Mille Dag "
        "Alleen Park Metro Sommer Winter"
    )
)
# In dates and product names; with a surname they are names.
ALONE = frozenset(
    words("Jan Feb Mar Apr Jun Jul Aug Sep Oct Nov Dec Mon Tue Wed Thu Fri Sat Sun Mac Julian")
)


@cache
def name_lists() -> tuple[frozenset[str], frozenset[str]]:
    """(first names, last names) of all locales, without what is an ordinary word."""
    package: Any = import_module("faker.providers.person")
    first: set[str] = set()
    last: set[str] = set()
    for module in iter_modules(package.__path__):
        provider = import_module(f"faker.providers.person.{module.name}").Provider
        for name in dir(provider):
            listed = getattr(provider, name)
            if isinstance(listed, (tuple, list, dict)):
                target = first if name.startswith("first_name") else last
                if name.startswith(("first_name", "last_name")):
                    target.update(str(entry).strip() for entry in listed)
    common = import_module("faker.providers.lorem.en_US").Provider.word_list
    ordinary = {word.capitalize() for word in common}
    return frozenset(first - ordinary), frozenset(last)
