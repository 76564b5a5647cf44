package people

import (
	"strings"

	"holdfast/codes"
)

// givenNames lists first names that people of a sex and an age bear.
func givenNames(sex codes.Sex, years int) []string {
	switch {
	case sex == codes.Male && years >= 60:
		return strings.Fields("Stanley Hubert Gordon Malcolm Colin Trevor Roy Iain Cyril Norman Derek Amos Wilfred Ernest Harold Leonard Rashid Kenneth Desmond Winston Emlyn Keith Brian Raymond Alan Geoffrey")
	case sex == codes.Male && years >= 20:
		return strings.Fields("Chidi Rex Leon Bram Gus Cormac Ugo Adil Tariq Piotr Gareth Stuart Ross Callum Andrew Simon Ahmed Darren Marcus Kwame Rhys Joel Nathan Imran Sergei Liam Owen Hugh Dominic Craig")
	case sex == codes.Male:
		return strings.Fields("Joss Adil Jude Kit Noah Arthur Theo Zain Finley Ravi Idris Oscar Elis Reuben Luca Tomos Archie Kofi Yusuf Leo Freddie Samuel")
	case sex == codes.Female && years >= 60:
		return strings.Fields("Agnes Winifred Eirlys Nan Vera Ivy Perpetua Bríd Clarice Doreen Maureen Jean Beryl Sheila Hilda Joyce Olive Margaret Shanti Rosemary Audrey Pauline Glenys Norma Brenda Sylvia Dilys Edna")
	case sex == codes.Female && years >= 20:
		return strings.Fields("Folake Hania Noor Fern Tess Ines Wei-Ling Skye Amara Priya Siobhán Rachel Kirsty Leanne Gemma Nadia Joanna Helen Zofia Bethan Ruth Moira Yasmin Chloe Natalie Abena Claire Donna Katarzyna")
	case sex == codes.Female:
		return strings.Fields("Maja Zara Ada Poppy Skye Isla Freya Aisha Mabel Nia Ottilie Esme Hana Orla Willow Ivy Amelia Lowri Sana Elsie Thea Grace")
	}
	return strings.Fields("Kit Alex Robin Sam Jude Ash Rowan Morgan")
}

// families lists last names.
func families() []string {
	return strings.Fields(`Tansley Ferriby Oyelaran Pemberton Bashir Kaur Lindqvist Peverell Adebayo Rutherglen Zielinska Goodyear
		Nwosu Battersby Imran Wetherall Scargill Vanterpool O’Hanrahan Chatterley Sun Tremayne Abernathy Moss Dalgleish
		Fairweather Qureshi Stonehouse Lockhart Ekwueme Huxtable Nettleton Yarborough Castellano Merriweather Thistlewood
		Benbow Arkwright Dunphy Winstanley Aspinall Holroyde Ackroyd Birtwhistle Cattermole Dewhurst Entwistle Fothergill
		Garside Hargreaves Illingworth Jagger Kershaw Lumb Mossop Naylor Ormerod Postlethwaite Quarmby Ramsbottom Sugden
		Threlkeld Uttley Varley Wigglesworth Yeadon Armistead Blamire Capstick Dent Eccles Fawcett Gaskarth Hodgson Irving
		Jopson Kirkbride Lowther Mattinson Nicholson Oglethorpe Pattinson Relph Satterthwaite Tyson Usher Vickers Wren
		Ahmed Begum Chaudhry Desai Fernandes Gill Hussain Iqbal Joshi Khan Mahmood Nair Okafor Patel Rahman Singh Thapa
		Kowalski Nowak Popescu Silva Tran Wójcik Bondarenko Mensah Owusu Kamara Hughes Griffiths Llewellyn Prosser Bevan
		MacLeod Buchanan Drummond Farquhar Gillespie Kinnaird O’Neill Doherty Gallagher McAllister Brennan Quigley Byrne`)
}

func streets() []string {
	return []string{
		"Tenter Row", "Mill Lane", "Station Road", "Church Street", "Fell View", "Weir Cottages", "High Street", "Chapel Lane",
		"Beck Side", "Quarry Road", "Moor Close", "Bobbin Court", "Garth Avenue", "Larch Drive", "School Lane", "Viaduct Terrace",
		"Sheepfold Way", "Market Place", "Drovers Road", "Tarn Crescent", "Priory Gardens", "Limekiln Rise",
	}
}

func allergies() [][2]string {
	return [][2]string{
		{"Penicillin", "rash"}, {"Penicillin", "swelling of the face"}, {"Penicillin", ""}, {"Trimethoprim", "rash"},
		{"Ibuprofen", "wheeze"}, {"Aspirin", "wheeze"}, {"Codeine", "vomiting"}, {"Latex", "rash"}, {"Peanuts", "anaphylaxis"},
		{"Egg", "hives"}, {"Erythromycin", "stomach pain"}, {"Wasp stings", "anaphylaxis"}, {"Plasters", "rash"},
	}
}

func doctors() []string {
	return []string{"Dr P. Whitlock", "Dr S. Kaur", "Dr M. Lowther", "Dr E. Bevan", "Dr T. Okafor", "Dr H. Nicholson"}
}
