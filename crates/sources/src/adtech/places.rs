//! The states of the USA with their inhabitants (2020 census, in units of 10,000) and some of their
//! cities.

pub(super) struct State {
    pub(super) code: &'static str,
    pub(super) inhabitants: f64,
    /// As they stand in a CSV file: a name with a comma is quoted.
    pub(super) cities: [&'static str; 3],
}

const fn state(code: &'static str, inhabitants: f64, cities: [&'static str; 3]) -> State {
    State { code, inhabitants, cities }
}

pub(super) const STATES: [State; 51] = [
    state("AL", 502.0, ["Birmingham", "Huntsville", "Mobile"]),
    state("AK", 73.0, ["Anchorage", "Fairbanks", "Juneau"]),
    state("AZ", 715.0, ["Phoenix", "Tucson", "Mesa"]),
    state("AR", 301.0, ["Little Rock", "Fayetteville", "Fort Smith"]),
    state("CA", 3954.0, ["Los Angeles", "San Diego", "San Jose"]),
    state("CO", 577.0, ["Denver", "Colorado Springs", "Aurora"]),
    state("CT", 361.0, ["Bridgeport", "New Haven", "Hartford"]),
    state("DE", 99.0, ["Wilmington", "Dover", "Newark"]),
    state("DC", 69.0, ["\"Washington, D.C.\"", "Georgetown", "Anacostia"]),
    state("FL", 2154.0, ["Jacksonville", "Miami", "Tampa"]),
    state("GA", 1071.0, ["Atlanta", "Augusta", "Savannah"]),
    state("HI", 146.0, ["Honolulu", "Hilo", "Kailua"]),
    state("ID", 184.0, ["Boise", "Meridian", "Nampa"]),
    state("IL", 1281.0, ["Chicago", "Aurora", "Naperville"]),
    state("IN", 679.0, ["Indianapolis", "Fort Wayne", "Evansville"]),
    state("IA", 319.0, ["Des Moines", "Cedar Rapids", "Davenport"]),
    state("KS", 294.0, ["Wichita", "Overland Park", "Topeka"]),
    state("KY", 451.0, ["Louisville", "Lexington", "Bowling Green"]),
    state("LA", 466.0, ["New Orleans", "Baton Rouge", "Shreveport"]),
    state("ME", 136.0, ["Portland", "Lewiston", "Bangor"]),
    state("MD", 618.0, ["Baltimore", "Columbia", "Germantown"]),
    state("MA", 703.0, ["Boston", "Worcester", "Springfield"]),
    state("MI", 1008.0, ["Detroit", "Grand Rapids", "Warren"]),
    state("MN", 571.0, ["Minneapolis", "St. Paul", "Rochester"]),
    state("MS", 296.0, ["Jackson", "Gulfport", "Southaven"]),
    state("MO", 615.0, ["Kansas City", "St. Louis", "Springfield"]),
    state("MT", 108.0, ["Billings", "Missoula", "Bozeman"]),
    state("NE", 196.0, ["Omaha", "Lincoln", "Bellevue"]),
    state("NV", 310.0, ["Las Vegas", "Henderson", "Reno"]),
    state("NH", 138.0, ["Manchester", "Nashua", "Concord"]),
    state("NJ", 929.0, ["Newark", "Jersey City", "Paterson"]),
    state("NM", 212.0, ["Albuquerque", "Las Cruces", "Española"]),
    state("NY", 2020.0, ["New York", "Buffalo", "Yonkers"]),
    state("NC", 1044.0, ["Charlotte", "Raleigh", "Winston-Salem"]),
    state("ND", 78.0, ["Fargo", "Bismarck", "Grand Forks"]),
    state("OH", 1180.0, ["Columbus", "Cleveland", "Cincinnati"]),
    state("OK", 396.0, ["Oklahoma City", "Tulsa", "Norman"]),
    state("OR", 424.0, ["Portland", "Eugene", "Salem"]),
    state("PA", 1300.0, ["Philadelphia", "Pittsburgh", "Allentown"]),
    state("RI", 110.0, ["Providence", "Cranston", "Warwick"]),
    state("SC", 512.0, ["Charleston", "Columbia", "North Charleston"]),
    state("SD", 89.0, ["Sioux Falls", "Rapid City", "Aberdeen"]),
    state("TN", 691.0, ["Nashville", "Memphis", "Knoxville"]),
    state("TX", 2915.0, ["Houston", "San Antonio", "Dallas"]),
    state("UT", 327.0, ["Salt Lake City", "West Valley City", "Provo"]),
    state("VT", 64.0, ["Burlington", "South Burlington", "Rutland"]),
    state("VA", 863.0, ["Virginia Beach", "Richmond", "Norfolk"]),
    state("WA", 771.0, ["Seattle", "Spokane", "Tacoma"]),
    state("WV", 179.0, ["Charleston", "Huntington", "Morgantown"]),
    state("WI", 589.0, ["Milwaukee", "Madison", "Green Bay"]),
    state("WY", 58.0, ["Cheyenne", "Casper", "Laramie"]),
];
