package people

import "holdfast/codes"

// reason is why somebody rings, in their own words as an advisor types them,
// with an outcome that fits. Ages are in years; to is not included.
type reason struct {
	words    string
	dx       codes.Dx
	from, to int
	sex      codes.Sex // empty: anybody
}

// atFellside are cases that wait at the 111 provider.
func atFellside() []reason {
	const m, f, x = codes.Male, codes.Female, codes.SexNotAsked
	return []reason{
		{"Chest infection, more breathless, fever, steroids daily", "Dx34", 60, 101, x},
		{"Pregnant, 30 weeks, baby moving less since this morning", "Dx34", 18, 44, f},
		{"Chest pain on climbing stairs since Tuesday, none now", "Dx333", 50, 90, x},
		{"Headache after a bang on the door frame, sick once", "Dx334", 16, 60, x},
		{"Cut finger on a tin, two fingers numb, bleeding stopped", "Dx34", 16, 70, x},
		{"Took some tablets, will not say how many, tearful", "Dx325", 16, 60, x},
		{"Barking cough, noisy breathing when upset, pink", "Dx34", 1, 5, x},
		{"Nosebleed 40 minutes, slowing with pressure", "Dx34", 60, 95, x},
		{"Calf swollen and hot, flew on Wednesday", "Dx334", 25, 70, x},
		{"Addison’s disease, sick twice, keeping sips down", "Dx34", 20, 80, x},
		{"Fell downstairs, wrist bent, fingers warm", "Dx337", 10, 80, x},
		{"Cleaning spray in the eye, rinsed 10 minutes, still sore", "Dx327", 16, 70, x},
		{"Fever 39.4 for two days, drinking less", "Dx34", 1, 6, x},
		{"Stroke two years ago, face feels odd again, no droop seen", "Dx333", 55, 95, x},
		{"Shingles on the forehead, eye not red", "Dx35", 40, 90, x},
		{"Gout flare, cannot bear weight, no fever", "Dx35", 35, 85, m},
		{"Back spasm, out of tablets", "Dx35", 25, 70, x},
		{"Panic, wants to talk, no plan to harm", "Dx35", 15, 40, x},
		{"Sugar 19, no ketones, feels well", "Dx35", 30, 80, x},
		{"Fall from chair, no injury seen, usual self", "Dx35", 75, 101, x},
		{"Burn from the kettle, size of a palm, blistered", "Dx337", 2, 60, x},
		{"Asthma worse since a cold, reliever every three hours", "Dx34", 8, 60, x},
		{"Black stool twice since yesterday, takes ibuprofen", "Dx334", 35, 90, x},
		{"Missed two pills, worried about pregnancy", "Dx35", 16, 45, f},
		{"Swallowed a small coin an hour ago, breathing and eating", "Dx337", 1, 8, x},
		{"Palpitations on and off since noon, no pain, no faint", "Dx333", 25, 80, x},
		{"Dog bite to the calf, cleaned, edges apart", "Dx35", 5, 75, x},
		{"Dizzy when standing since a new tablet", "Dx35", 60, 95, x},
		{"Testicle sore since the morning, no swelling seen", "Dx334", 12, 40, m},
		{"Rash that does not fade on the legs, well in himself", "Dx34", 2, 16, x},
		{"Vomiting since 4, green once, tummy hard", "Dx334", 0, 80, x},
		{"Caller in a car park, tearful, would not give a name", "Dx34", 35, 45, f},
		{"Numb down one leg, passing water normally, back pain", "Dx337", 25, 75, x},
		{"Whole hand swollen after a wasp sting, breathing easily", "Dx35", 10, 75, x},
		{"Heart tablets taken twice by mistake", "Dx325", 60, 95, x},
		{"Wound opened after an operation on Monday, clean", "Dx35", 20, 85, x},
		{"Knocked out for a few seconds at football, fine now", "Dx337", 10, 40, x},
		{"Breathless lying flat, ankles swollen, three pillows", "Dx34", 60, 95, x},
		{"Crying for five hours, feeding, nappies wet", "Dx35", 0, 1, x},
		{"Cramps and bleeding at nine weeks", "Dx34", 18, 44, f},
		{"Says voices are louder tonight, sister with him", "Dx35", 18, 60, m},
		{"Catheter not draining since six, uncomfortable", "Dx34", 60, 95, m},
		{"Eye red and painful, light hurts, wears lenses", "Dx35", 16, 60, x},
		{"Jaw locked open after a yawn", "Dx337", 18, 80, x},
	}
}

// atTarnValley are cases that wait at the out-of-hours provider.
func atTarnValley() []reason {
	const m, f, x = codes.Male, codes.Female, codes.SexNotAsked
	return []reason{
		{"Sore throat, cannot swallow tablets, no drooling", "Dx11", 12, 50, x},
		{"Kidney pain, shivering, sick once", "Dx11", 20, 70, x},
		{"Ear pain since noon, ear now running, otherwise well", "Dx12", 2, 14, x},
		{"Painful swelling at the base of the spine", "Dx05", 16, 45, x},
		{"Not eating, drowsy in the day, carers worried", "Dx05", 85, 101, x},
		{"Missed heart tablets for two days, pharmacy shut", "Dx12", 55, 95, x},
		{"Burning urine, 20 weeks pregnant, no fever", "Dx05", 18, 44, f},
		{"Catheter out, in bed, lives alone", "Dx05", 75, 101, m},
		{"Swollen gland in the neck, sore throat, well", "Dx12", 12, 45, x},
		{"Leg wound reopened, dressing soaked", "Dx05", 65, 101, x},
		{"Vomiting, six times today, passing urine", "Dx12", 3, 15, x},
		{"Infected insect bite, spreading slowly", "Dx06", 10, 70, x},
		{"Sticky eyes both sides, school on Monday", "Dx06", 2, 12, x},
		{"Rash under a new watch strap, blistered", "Dx06", 16, 80, x},
		{"Urine infection suspected, sample taken by the care home", "Dx06", 80, 101, f},
		{"Mastitis, day two, breast hot, feeding on", "Dx06", 18, 44, f},
		{"Inhaler lost, uses it twice a day, breathing easily", "Dx80", 12, 80, x},
		{"Nappy rash, bleeding a little, feeding well", "Dx06", 0, 3, x},
		{"Tooth knocked loose, no swelling", "Dx18", 12, 70, x},
		{"Question about a new blood pressure tablet", "Dx13", 40, 80, x},
		{"Wrist sore after a fall on Thursday, moves it", "Dx07", 20, 80, x},
		{"Earwax, hearing dull, drops not helping", "Dx14", 20, 85, x},
		{"Ran out of thyroid tablets, none since Friday", "Dx86", 30, 90, f},
		{"Pain breaking through, syringe driver alarm", "Dx117", 60, 101, x},
		{"Cough for a week, green, walks to the shop", "Dx06", 18, 85, x},
		{"Diarrhoea three days, drinking, no blood", "Dx12", 16, 85, x},
		{"Sinus pain, ten days, tired of it", "Dx07", 18, 65, x},
		{"Piles, sore, small streak of blood on paper", "Dx07", 25, 75, x},
		{"Hives since lunch, lips normal, breathing fine", "Dx11", 3, 60, x},
		{"Constipated five days, uncomfortable, passing wind", "Dx06", 60, 95, x},
		{"Athlete’s foot now cracked and weeping", "Dx08", 16, 70, x},
		{"Cold sore spreading to the chin", "Dx08", 10, 60, x},
		{"Fever 38.5, cough, drinking, playing", "Dx12", 1, 8, x},
		{"Toenail ingrown, red, pus at the side", "Dx06", 10, 60, x},
		{"Dizzy with a cold, room spins on turning over", "Dx12", 30, 85, x},
		{"Chickenpox, day three, one spot red and hot", "Dx05", 1, 12, x},
	}
}

// atTarnValleyLater are more of them.
func atTarnValleyLater() []reason {
	const m, f, x = codes.Male, codes.Female, codes.SexNotAsked
	return []reason{
		{"Ankle twisted, can walk four steps", "Dx06", 10, 60, x},
		{"Palliative, not sleeping, family asks about medicines", "Dx117", 55, 101, x},
		{"Water infection again, allergic to the usual tablet", "Dx05", 20, 90, f},
		{"Cellulitis marked on Friday, now over the line", "Dx05", 40, 90, x},
		{"Baby’s cord stump smells, skin red round it", "Dx05", 0, 1, x},
		{"Sore eyelid, swollen, sees well", "Dx07", 5, 80, x},
		{"Out of insulin tomorrow, well", "Dx85", 18, 80, x},
		{"Medicine for fits runs out tonight", "Dx85", 12, 70, x},
		{"Tongue sore and white since antibiotics", "Dx08", 30, 90, x},
		{"Hoarse two weeks, smoker, asks what to do", "Dx15", 40, 80, x},
		{"Knee swollen after gardening, warm, no fever", "Dx06", 45, 85, x},
		{"Vomiting bug, has diabetes, asks about tablets", "Dx11", 40, 80, x},
		{"Period very heavy, pad an hour since noon", "Dx11", 14, 54, f},
		{"Foreskin tight and sore, passing water", "Dx05", 3, 60, m},
		{"Tick bite last week, ring round it", "Dx07", 5, 75, x},
		{"Dental swelling, cheek up, swallowing fine", "Dx17", 18, 70, x},
		{"Blood pressure 178/96 at home, no symptoms", "Dx13", 45, 90, x},
		{"Carer asks for advice, refused tablets three days", "Dx12", 70, 101, x},
		{"Shoulder frozen, night pain, no injury", "Dx08", 40, 75, x},
		{"Wheezy with a cold, feeding half, alert", "Dx11", 0, 2, x},
		{"Lump in the breast found tonight, frightened", "Dx14", 25, 80, f},
		{"Stoma bag leaking, skin raw, no supplies left", "Dx05", 40, 90, x},
		{"Low mood, wants tablets changed, safe tonight", "Dx13", 18, 70, x},
		{"Splinter deep in the palm, red line starting", "Dx05", 16, 75, x},
		{"Hand, foot and mouth, will not drink much", "Dx11", 1, 6, x},
		{"Nosebleeds three this week, takes a blood thinner", "Dx12", 65, 95, x},
		{"Feeding tube blocked since five, usual feed at nine", "Dx05", 20, 90, x},
		{"Sciatica, cannot sit, has taken everything", "Dx12", 30, 70, x},
		{"Contact with measles at nursery, not vaccinated", "Dx13", 0, 5, x},
		{"Heel sore deeper, district nurse due Monday", "Dx06", 75, 101, x},
		{"Migraine like always, usual tablet not working", "Dx11", 18, 60, x},
		{"Test positive at home, worried about immune tablets", "Dx13", 35, 85, x},
		{"Prescription sent to the wrong pharmacy, needs it tonight", "Dx86", 25, 90, x},
		{"Itchy all over at 34 weeks, no rash", "Dx11", 18, 44, f},
		{"Scalp cut glued on Monday, now weeping", "Dx06", 4, 80, x},
		{"Expected death, family asks who to ring", "Dx116", 75, 101, x},
		{"Bruise on the shin turning hard, on blood thinner", "Dx05", 65, 95, x},
		{"Steroid inhaler finished, next one Tuesday", "Dx87", 10, 85, x},
		{"Wants a second opinion on a sick child, now drinking", "Dx12", 1, 10, x},
		{"Hiccups for two days, cannot sleep", "Dx13", 40, 85, m},
	}
}
