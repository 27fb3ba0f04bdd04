"""Words that invented people and companies are made of."""

FIRST = (
    "Ada", "Aisha", "Alba", "Alice", "Amara", "Ana", "Andre", "Anna", "Anton", "Aoife", "Arjun", "Astrid", "Ben",
    "Bianca", "Bo", "Carla", "Carlos", "Chen", "Chiara", "Clara", "Dagmar", "Dan", "Daria", "David", "Diego", "Elena",
    "Elif", "Emeka", "Emil", "Emma", "Eva", "Farid", "Fatima", "Felix", "Finn", "Freya", "Gabriel", "Gita", "Grace",
    "Greta", "Hana", "Hans", "Hassan", "Helena", "Hugo", "Ida", "Igor", "Ines", "Ingrid", "Isaac", "Ivan", "Jack",
    "Jana", "Jasmin", "Jian", "Joao", "Jonas", "Julia", "Kai", "Karim", "Karin", "Kenji", "Khalid", "Lars", "Laura",
    "Leila", "Lena", "Leo", "Liam", "Lin", "Linnea", "Lucia", "Luis", "Maja", "Malik", "Marco", "Maria", "Marta",
    "Mateo", "Mei", "Mia", "Mina", "Miro", "Nadia", "Nils", "Nina", "Noah", "Noor", "Olga", "Oliver", "Omar", "Otto",
    "Paula", "Pedro", "Petra", "Priya", "Rafael", "Ravi", "Rosa", "Ruth", "Sam", "Sara", "Selma", "Sofia", "Stefan",
    "Sven", "Tara", "Theo", "Tomas", "Uma", "Vera", "Victor", "Wei", "Yara", "Yuki", "Zara", "Zoe",
)  # fmt: skip
LAST = (
    "Abara", "Adler", "Aguilar", "Ahmed", "Almeida", "Andersen", "Bakker", "Banerjee", "Barros", "Bauer", "Becker",
    "Bell", "Berg", "Bianchi", "Blom", "Bose", "Braun", "Brandt", "Bruno", "Campos", "Cardoso", "Castro", "Chang",
    "Chaudhry", "Cohen", "Costa", "Cruz", "Dahl", "Das", "Delgado", "Demir", "Diaz", "Dietrich", "Dubois", "Duarte",
    "Eklund", "Engel", "Eriksson", "Fabre", "Farah", "Ferrari", "Fischer", "Flores", "Fontana", "Fuchs", "Fujita",
    "Garcia", "Gomez", "Graf", "Greco", "Gupta", "Haas", "Hansen", "Hartmann", "Hassan", "Hernandez", "Hoffmann",
    "Holm", "Horvat", "Huang", "Ibrahim", "Ito", "Ivanov", "Jansen", "Jensen", "Johansson", "Kaplan", "Kaur",
    "Keller", "Khan", "Kim", "Klein", "Koch", "Kowalski", "Kruger", "Kumar", "Lang", "Larsen", "Leone", "Lindgren",
    "Lopez", "Lorenz", "Machado", "Mancini", "Marino", "Martin", "Mendes", "Meyer", "Mirza", "Molina", "Moreau",
    "Morel", "Moretti", "Muller", "Nakamura", "Navarro", "Neumann", "Nguyen", "Nielsen", "Novak", "Nowak", "Nunez",
    "Obi", "Okafor", "Olsen", "Ortega", "Osman", "Park", "Patel", "Pereira", "Petrov", "Pham", "Pinto", "Popov",
    "Quinn", "Rahman", "Ramos", "Reyes", "Ricci", "Richter", "Rivera", "Romano", "Rossi", "Roux", "Ruiz", "Sato",
    "Schmidt", "Schneider", "Schulz", "Sharma", "Silva", "Singh", "Sokolov", "Sorensen", "Suzuki", "Svensson",
    "Takeda", "Tanaka", "Torres", "Tran", "Ueda", "Ulrich", "Vargas", "Vasquez", "Vogel", "Wagner", "Walsh", "Wang",
    "Weber", "Wolf", "Wong", "Yamada", "Yilmaz", "Yoshida", "Zhang", "Ziegler", "Zimmermann",
)  # fmt: skip
FIRMS = (
    "Alder", "Amber", "Anchor", "Apex", "Arbor", "Aspen", "Atlas", "Aurora", "Basalt", "Beacon", "Birch", "Bluestone",
    "Bright", "Canyon", "Cedar", "Cobalt", "Comet", "Copper", "Coral", "Crescent", "Crown", "Delta", "Dune", "Eagle",
    "Ember", "Falcon", "Fern", "Fjord", "Flint", "Forge", "Garnet", "Glacier", "Granite", "Harbor", "Hazel", "Heron",
    "Horizon", "Indigo", "Iris", "Ivory", "Juniper", "Kestrel", "Lagoon", "Lark", "Laurel", "Linden", "Lotus",
    "Lumen", "Maple", "Marble", "Meadow", "Meridian", "Mesa", "Mosaic", "North", "Nova", "Oak", "Ocean", "Onyx",
    "Opal", "Orbit", "Orchid", "Osprey", "Pebble", "Pine", "Pioneer", "Prairie", "Quartz", "Raven", "Ridge", "River",
    "Saffron", "Sage", "Sequoia", "Sierra", "Silver", "Slate", "Solstice", "Spruce", "Sterling", "Summit", "Swift",
    "Tamarack", "Teal", "Thistle", "Timber", "Topaz", "Union", "Valley", "Vega", "Vertex", "Violet", "Walnut",
    "Willow", "Zenith",
)  # fmt: skip
KINDS = (
    "Analytics", "Bank", "Brewing", "Capital", "Ceramics", "Chemicals", "Clinics", "Construction", "Dairy",
    "Dynamics", "Electric", "Energy", "Engineering", "Farms", "Foods", "Freight", "Furniture", "Glass", "Holdings",
    "Hotels", "Insurance", "Labs", "Logistics", "Machines", "Media", "Metals", "Motors", "Optics", "Outfitters",
    "Packaging", "Paper", "Partners", "Pharma", "Plastics", "Press", "Railways", "Robotics", "Seeds", "Shipping",
    "Software", "Steel", "Studios", "Systems", "Textiles", "Timber", "Tools", "Toys", "Trading", "Travel", "Watches",
)  # fmt: skip
INDUSTRIES = (
    "Agriculture", "Automotive", "Banking", "Construction", "Education", "Energy", "Food", "Health", "Hospitality",
    "Insurance", "Logistics", "Manufacturing", "Media", "Pharma", "Retail", "Software", "Telecoms", "Travel",
)  # fmt: skip
JOBS = (
    "Account Manager", "Analyst", "Architect", "Buyer", "Chief Executive", "Consultant", "Controller",
    "Director of Sales", "Engineer", "Head of Purchasing", "Marketing Manager", "Office Manager",
    "Operations Manager", "Project Manager",
)  # fmt: skip
CITIES = (
    ("Amsterdam", "NL", "West"), ("Athens", "GR", "South"), ("Austin", "US", "Americas"),
    ("Berlin", "DE", "Central"), ("Boston", "US", "Americas"), ("Chicago", "US", "Americas"),
    ("Copenhagen", "DK", "North"), ("Dublin", "IE", "West"), ("Helsinki", "FI", "North"), ("Lisbon", "PT", "South"),
    ("London", "GB", "West"), ("Lyon", "FR", "West"), ("Madrid", "ES", "South"), ("Milan", "IT", "South"),
    ("Mumbai", "IN", "Asia"), ("Munich", "DE", "Central"), ("Nairobi", "KE", "Africa"), ("Osaka", "JP", "Asia"),
    ("Oslo", "NO", "North"), ("Paris", "FR", "West"), ("Porto", "PT", "South"), ("Prague", "CZ", "Central"),
    ("Seoul", "KR", "Asia"), ("Singapore", "SG", "Asia"), ("Stockholm", "SE", "North"),
    ("Toronto", "CA", "Americas"), ("Vienna", "AT", "Central"), ("Warsaw", "PL", "Central"),
)  # fmt: skip
SOURCES = ("web", "store", "referral", "fair", "partner", "call", "newsletter")
STAGES = ("subscriber", "lead", "marketing_qualified", "sales_qualified", "opportunity", "customer", "evangelist")
TAGS = ("vip", "press", "newsletter", "beta", "reseller", "event-2025", "event-2026", "do-not-call")
