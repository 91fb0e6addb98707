#include "moderation/moderation.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace troupe::moderation {
namespace {

bool teen(std::string_view text) { return judge(text, levels_for("teen")).allowed; }
bool mature(std::string_view text) { return judge(text, levels_for("mature")).allowed; }

TEST(Moderation, CursesAndSlursAreHeldBackInAllTheirForms) {
  for (const char* text :
       {"fuck", "Fucking hell", "you FUCKER", "motherfucker", "motherfucking", "fucked up", "fuckwit",
        "clusterfuck", "bullshit", "shitty", "shitting", "shite", "you piece of shit", "bitch", "bitches",
        "son of a bitch", "bitching", "asshole", "assholes", "arsehole", "cunt", "cunts", "twats", "wanker",
        "wanking", "slut", "sluts", "whores", "nigger", "niggers", "nigga", "niggaz", "faggot", "faggots",
        "fag", "kike", "spics", "chinky", "gooks", "coons", "retarded", "tranny", "towelhead", "wetbacks",
        "dickhead", "cocksucker", "blowjobs", "porn", "pornographic", "raped her", "kill yourself",
        "go kill urself", "kys", "heil hitler", "pedophiles", "dagos", "wops", "polacks", "lezzies", "lesbo",
        "spastics", "spazzing", "pajeets", "fkn", "aholes",
        // German
        "Scheiße", "scheisse", "so ein Scheiß", "Scheisskerl", "Arschloch", "Arschlöcher", "du Wichser",
        "Wichser!", "Fotze", "Hurensohn", "Hurensöhne", "Wixxer", "fick dich", "ficken", "gefickt",
        "verfickte", "Schlampe", "Nutte", "Schwuchteln", "Neger", "Kanaken", "Missgeburt", "Spast",
        "Judensau", "Bring dich um!", "leck mich am Arsch"}) {
    EXPECT_FALSE(teen(text)) << text;
  }
}

TEST(Moderation, SoTheyAreWhenTheyHide) {
  for (const char* text : {"f u c k",
                           "f.u.c.k you",
                           "f-u-c-k",
                           "F_U_C_K",
                           "f*ck",
                           "f**k",
                           "fu*k",
                           "fuuuuck",
                           "fuuck",
                           "FFUUCCKK",
                           "fück",
                           "fùçk",
                           "fvck",
                           "fcking",
                           "phuck",
                           "fu ck",
                           "f uck",
                           "ｆｕｃｋ",
                           "𝓯𝓾𝓬𝓴",
                           "ⓕⓤⓒⓚ",
                           "🅵🆄🅲🅺",
                           "fu\u200Bck",
                           "f\u0336u\u0336c\u0336k\u0336",
                           "fuсk",
                           "ƒuck",
                           "FuckYou",
                           "youstupidfuck",
                           "xXfuckXx",
                           "fuck_you",
                           "f@ck",
                           "fuq",
                           "sh1t",
                           "sh!t",
                           "$hit",
                           "5h1t",
                           "s h i t",
                           "sh it",
                           "shiiiit",
                           "sh*t",
                           "b1tch",
                           "b!tch",
                           "bi+ch",
                           "biiitch",
                           "b i t c h",
                           "a$$hole",
                           "a55hole",
                           "@sshole",
                           "assh0le",
                           "c u n t",
                           "cun+",
                           "c*nt",
                           "n1gger",
                           "n1gg3r",
                           "nigg3r",
                           "n i g g e r",
                           "niggger",
                           "n!gga",
                           "f4ggot",
                           "fagg0t",
                           "wh0re",
                           "wh*re",
                           "sl*t",
                           "k1ll y0urself",
                           "kill  your self",
                           "kiII yourself",
                           "pu$$y",
                           "Sch3isse",
                           "Sche1ße",
                           "S c h e i s s e",
                           "Schei*e",
                           "Arschl0ch",
                           "A r s c h l o c h",
                           "F1ck dich",
                           "f!ck dich",
                           "Hur3nsohn",
                           "W1chser",
                           "Wich$er",
                           "F0tze",
                           "Schl4mpe"}) {
    EXPECT_FALSE(teen(text)) << text;
  }
}

TEST(Moderation, WordsThatOnlyLookLikeThemPass) {
  for (const char* text :
       {"I come from Scunthorpe", "n199 and n1994", "He took the sextant", "Essex, Sussex and Middlesex",
        "the cockpit and the cocktail", "Moby Dick", "Charles Dickens", "an assassin's class",
        "pass the glass", "a shuttlecock", "peacocks and hancock", "the therapist",
        "an analysis of the canal", "Uranus", "a raccoon", "a Maine coon", "she sniggered", "niggardly",
        "Nigeria and Niger", "a chink in the armour", "spic and span", "magna cum laude",
        "documents in Cumberland", "cucumbers and cumin", "shiitake mushrooms", "Mr. Matsushita", "Penistone",
        "a pussycat", "pussy willows", "blue tits in the hedge", "tit for tat", "titanic title",
        "a bird in the bush", "Hello from the shell", "the pen is mightier", "wish it were so", "this hit me",
        "as she said", "is hit", "I saw a beaver", "the dyke broke", "the cock crowed", "a wet blanket",
        "rum and ale", "the smuggler's cove", "an escort to the harbour", "he sucks his pipe",
        "tied up at the quay", "strong twine", "pearl necklace", "hoe the field", "saltwater", "rapeseed oil",
        "grape harvest", "drapes", "parapets", "scraped", "skyscraper", "a swanky hotel", "Swansea",
        "King Cnut", "the island of Lesbos", "sauerkraut and coals", "the woppit bear",
        "Santiago and a dagger", "a spatula", "the Bass Strait", "a button and butter", "Matt Hancock",
        "class assignment", "bitter butter", "a sob escaped her", "shag tobacco pouch", "gas the lamps",
        "3.5 shillings on the 1st of May", "$500!", "A! B? C*", "email me @ noon",
        // of a crime or horror game
        "They kill for less", "I'll kill the beast", "He was murdered, and there was blood",
        "the ghost of a drowned man", "a rotting corpse", "He was stabbed", "Die, monster!",
        "You will die for this", "He hanged himself", "they tortured the prisoner", "a slave ship",
        "the opium of hope is a phrase", "damn the fog", "what the hell",
        // German
        "mit den Vögeln", "der Nebel ist dick", "die dicke Wand", "bitte sehr", "Wissen ist Macht",
        "ein Schwanz und Ohren", "Hurra, ein Hurrikan", "die Barsche und der Marsch", "Grafik", "knacken",
        "eine Rosette", "die Möpse bellen", "Kimme und Korn", "der Schütze, ein Schießer", "im Dschungel",
        "Er ist tot", "Mörder und Diebe", "das Grab", "verdammt nochmal", "ein Spaten", "Negation",
        "die Fichte", "zwicken", "Pflicken", "Abschluss", "Sack und Pack", "Schlamm und Stampfer", "Wachsen",
        "Analyse", "der Arzt half"}) {
    const auto found = judge(text, levels_for("teen"));
    // (Opium is no word for teens; what it stands in is.)
    if (std::string_view(text).contains("opium")) continue;
    EXPECT_TRUE(found.allowed) << text << ": " << category_name(found.category) << " " << found.level << " '"
                               << found.words << "'";
  }
}

TEST(Moderation, ARatingSaysHowMuch) {
  EXPECT_TRUE(mature("Oh, fuck. What a shithole."));
  EXPECT_FALSE(mature("you nigger")) << "slurs are for nobody";
  EXPECT_FALSE(mature("They DISMEMBERED him"));
  EXPECT_FALSE(mature("kill--yourself"));
  EXPECT_TRUE(teen("Skill and shell"));
  const auto mature_levels = levels_for("mature");
  for (std::size_t i = 0; i < kCategories; ++i) EXPECT_LE(teen_cap()[i], mature_levels[i]);
  EXPECT_EQ(levels_for("nonsense"), teen_cap()) << "what is not known is the stricter";
}

TEST(Moderation, EveryCategoryHasWordsInBothLanguages) {
  const std::vector<std::pair<Category, std::pair<const char*, const char*>>> rows = {
      {Category::violence, {"They disembowelled him", "zerstückelt"}},
      {Category::sexual, {"pornography", "Porno"}},
      {Category::language, {"fuck", "Fotze"}},
      {Category::horror, {"flayed alive", "verwest"}},
      {Category::drugs, {"cook meth", "Kokain"}},
      {Category::sensitive, {"kill yourself", "bring dich um"}},
      {Category::morality, {"how to build a bomb", "eine Bombe bauen"}}};
  for (const auto& [category, words] : rows) {
    EXPECT_GE(levels_of(words.first)[static_cast<std::size_t>(category)], 3) << words.first;
    EXPECT_GE(levels_of(words.second)[static_cast<std::size_t>(category)], 2) << words.second;
  }
}

TEST(Moderation, EvidenceIsTheWordsAsTheyStand) {
  const auto found = judge("Well, you F.U.C.K.E.R, go.", levels_for("teen"));
  EXPECT_FALSE(found.allowed);
  EXPECT_EQ(found.category, Category::language);
  EXPECT_EQ(found.words, "F.U.C.K.E.R");
}

TEST(Moderation, TheCostIsOfTheTextsLength) {
  // 4 KiB of what is looked at longest takes no second; nothing of it is quadratic.
  const std::string singles(4096, 'f');
  std::string spaced;
  for (int i = 0; i < 2048; ++i) spaced += "f ";
  std::string masked;
  for (int i = 0; i < 400; ++i) masked += "f*c*k*s*t ";
  EXPECT_TRUE(teen(singles));
  EXPECT_TRUE(teen(spaced));
  (void)levels_of(masked);
  (void)levels_of(std::string("\xF0\x9F\xFF\x80\xC3", 5));
}

}  // namespace
}  // namespace troupe::moderation
