"""Word lists for generated people, streets and products; no real person is named."""

_FIRST = """
Aisha Alan Amara Ana Andre Beth Bruno Carla Chen Clara Dana Diego Elena Emil Fatima Felix Gina Hanna
Hugo Ines Ivan Jana Jonas Kai Kira Lara Leo Lin Lucia Marco Maya Mei Milo Nadia Nina Noah Olga Omar
Pia Rafael Rosa Ruth Sam Sara Tariq Tess Uma Victor Wanda Yara Yusuf Zoe
"""
FIRST_NAMES = tuple(_FIRST.split())
_LAST = """
Adler Baker Barros Becker Brandt Castro Costa Cruz Dahl Dias Duarte Ekman Farah Fischer Flores Gomes
Haas Hansen Ito Jensen Kaya Kim Kowalski Lang Lima Lopez Maier Mbeki Mendes Moreau Novak Okafor Park
Patel Pereira Quinn Ramos Reyes Rossi Santos Sato Schmidt Silva Souza Tanaka Torres Vargas Weber
Wong Young
"""
LAST_NAMES = tuple(_LAST.split())
STREETS = (
    "Main Street", "Oak Avenue", "Maple Drive", "Cedar Lane", "Park Road", "Lake Street",
    "Hill Road", "Mill Street", "River Road", "Church Street", "Elm Street", "Sunset Boulevard",
    "Second Avenue", "Meadow Lane", "Highland Avenue", "Station Road",
)  # fmt: skip
BRAZILIAN_STREETS = (
    "Rua das Flores", "Rua XV de Novembro", "Avenida Brasil", "Rua São João", "Avenida Central",
    "Rua da Praia", "Rua Sete de Setembro", "Travessa do Mercado", "Avenida Atlântica",
    "Rua do Comércio",
)  # fmt: skip
MATERIALS = (
    "Oak",
    "Steel",
    "Linen",
    "Ceramic",
    "Cotton",
    "Glass",
    "Bamboo",
    "Copper",
    "Wool",
    "Cork",
)

# Thing, SKU code, lowest and highest price in dollars, typical weight in grams.
GOODS: tuple[tuple[str, str, int, int, int], ...] = (
    ("Desk Lamp", "LAMP", 19, 90, 1_400), ("Coffee Maker", "COFM", 39, 220, 4_200),
    ("Chair", "CHAIR", 45, 280, 7_500), ("Side Table", "TABL", 49, 310, 9_800),
    ("Water Bottle", "BOTL", 9, 40, 350), ("Cutting Board", "BORD", 12, 60, 1_100),
    ("Throw Blanket", "BLNK", 25, 130, 1_300), ("Mug", "MUG", 6, 24, 400),
    ("Tray", "TRAY", 14, 55, 800), ("Storage Box", "SBOX", 11, 48, 950),
    ("Wall Clock", "CLCK", 18, 95, 900), ("Planter", "PLNT", 10, 70, 2_300),
    ("Backpack", "BPCK", 35, 160, 1_200), ("Bread Bin", "BBIN", 22, 75, 1_900),
    ("Door Mat", "DMAT", 15, 50, 1_700), ("Candle Holder", "CNDL", 7, 35, 500),
    ("Notebook", "NOTE", 4, 18, 300), ("Picture Frame", "FRAM", 9, 65, 700),
    ("Teapot", "TPOT", 19, 85, 1_000), ("Pan", "PAN", 25, 140, 2_000),
    ("Bowl Set", "BOWL", 16, 80, 1_800), ("Bath Towel", "TOWL", 8, 45, 600),
    ("Stool", "STOL", 29, 150, 4_500), ("Shelf", "SHLF", 35, 240, 11_000),
    ("Basket", "BSKT", 12, 58, 850), ("Vase", "VASE", 11, 90, 1_250),
    ("Pillow", "PILO", 13, 70, 750), ("Rug", "RUG", 45, 390, 8_200),
    ("Mirror", "MIRR", 30, 210, 5_600), ("Spice Rack", "SPIC", 15, 62, 1_500),
)  # fmt: skip

_STATES = """
AL:Alabama AK:Alaska AZ:Arizona AR:Arkansas CA:California CO:Colorado CT:Connecticut DE:Delaware
FL:Florida GA:Georgia HI:Hawaii ID:Idaho IL:Illinois IN:Indiana IA:Iowa KS:Kansas KY:Kentucky
LA:Louisiana ME:Maine MD:Maryland MA:Massachusetts MI:Michigan MN:Minnesota MS:Mississippi
MO:Missouri MT:Montana NE:Nebraska NV:Nevada NH:New_Hampshire NJ:New_Jersey NM:New_Mexico
NY:New_York NC:North_Carolina ND:North_Dakota OH:Ohio OK:Oklahoma OR:Oregon PA:Pennsylvania
RI:Rhode_Island SC:South_Carolina SD:South_Dakota TN:Tennessee TX:Texas UT:Utah VT:Vermont
VA:Virginia WA:Washington WV:West_Virginia WI:Wisconsin WY:Wyoming DC:District_of_Columbia
"""
US_STATES: dict[str, str] = {}
for _entry in _STATES.split():
    _code, _, _name = _entry.partition(":")
    US_STATES[_code] = _name.replace("_", " ")

BRAZILIAN_STATES = {
    "AC": "Acre", "AL": "Alagoas", "AM": "Amazonas", "AP": "Amapá", "BA": "Bahia",
    "CE": "Ceará", "DF": "Distrito Federal", "ES": "Espírito Santo", "GO": "Goiás",
    "MA": "Maranhão", "MG": "Minas Gerais", "MS": "Mato Grosso do Sul", "MT": "Mato Grosso",
    "PA": "Pará", "PB": "Paraíba", "PE": "Pernambuco", "PI": "Piauí", "PR": "Paraná",
    "RJ": "Rio de Janeiro", "RN": "Rio Grande do Norte", "RO": "Rondônia", "RR": "Roraima",
    "RS": "Rio Grande do Sul", "SC": "Santa Catarina", "SE": "Sergipe", "SP": "São Paulo",
    "TO": "Tocantins",
}  # fmt: skip
