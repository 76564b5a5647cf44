package bars

import (
	"strings"

	"holdfast/codes"
)

// Code systems and identifier systems of BaRS and UK Core.
const (
	sysEvents   = "https://fhir.nhs.uk/CodeSystem/message-events-bars"
	sysReasons  = "https://fhir.nhs.uk/CodeSystem/message-reason-bars"
	sysCategory = "https://fhir.nhs.uk/CodeSystem/message-category-servicerequest"
	sysUseCases = "https://fhir.nhs.uk/CodeSystem/usecases-categories-bars"
	sysFlags    = "https://fhir.nhs.uk/CodeSystem/flag-categories-bars"
	sysConsent  = "https://fhir.nhs.uk/CodeSystem/consent-categories-bars"
	sysDx       = "https://fhir.nhs.uk/CodeSystem/pathways-dx-codes"
	sysSG       = "https://fhir.nhs.uk/CodeSystem/pathways-sg-codes"
	sysSD       = "https://fhir.nhs.uk/CodeSystem/pathways-sd-codes"
	sysARP      = "https://fhir.nhs.uk/CodeSystem/arp-priority-code"
	sysDoS      = "https://fhir.nhs.uk/Id/dos-service-id"
	sysODS      = "https://fhir.nhs.uk/Id/ods-organization-code"
	sysNHS      = "https://fhir.nhs.uk/Id/nhs-number"
	sysCHI      = "https://fhir.nhs.uk/Id/chi-number"
	sysHCN      = "https://fhir.nhs.uk/Id/hsc-number"
	sysCase     = "https://fhir.nhs.uk/Id/case-number"

	urlRank     = "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-ContactRank"
	urlVerified = "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-NHSNumberVerificationStatus"
	sysVerified = "https://fhir.hl7.org.uk/CodeSystem/UKCore-NHSNumberVerificationStatus"
	urlPlace    = "https://fhir.nhs.uk/StructureDefinition/LocationExtension"
	sysRelation = "https://fhir.hl7.org.uk/ValueSet/UKCore-PersonRelationshipType"
	urlInterp   = "http://hl7.org/fhir/StructureDefinition/patient-interpreterRequired"
)

// useCases are the use-case categories (BaRS, usecases-categories-bars) with
// the category each belongs to.
func useCases() map[string]string {
	out := map[string]string{"a4t1": "validation", "referraltopharmacy": "referral"}
	for letter, n := range map[string]int{"a1": 9, "a2": 4, "a3": 1, "a4": 3, "a5": 3, "a6": 3} {
		for i := 1; i <= n; i++ {
			code := letter + "t" + string(rune('0'+i))
			if out[code] == "" {
				out[code] = "referral"
			}
		}
	}
	return out
}

// isCAD tells whether a use case runs between ambulance dispatch systems.
func isCAD(useCase string) bool { return strings.HasPrefix(useCase, "a6t") }

// sameSystem compares addresses of systems as they are met in practice: with
// http or https, /Id/ or /id/, and a plural too many or too few.
func sameSystem(a, b string) bool { return plainSystem(a) == plainSystem(b) }

func plainSystem(s string) string {
	s = strings.ToLower(strings.TrimSpace(s))
	s = strings.TrimPrefix(strings.TrimPrefix(s, "https://"), "http://")
	return strings.TrimSuffix(strings.TrimSuffix(s, "/"), "s")
}

// serviceOf reads the id of a service in the forms that are met: with its
// system before a bar, "ODS:id", and alone. ok is false when it is none.
func serviceOf(s string) (id codes.DoSID, ods codes.ODS, ok bool) {
	s = strings.TrimSpace(s)
	if system, value, bar := strings.Cut(s, "|"); bar {
		if !sameSystem(system, sysDoS) {
			return "", "", false
		}
		s = value
	}
	if before, after, colon := strings.Cut(s, ":"); colon {
		if o := codes.ReceiveODS(before); o.Sound() {
			ods, s = o, after
		}
	}
	if s == "" || len(s) > 20 || strings.Trim(s, "0123456789") != "" {
		return "", "", false
	}
	return codes.ReceiveDoSID(s), ods, true
}
