package urgentweb

import "holdfast/web"

// Routes registers every page of urgent care, each behind its door.
func (a *App) Routes(m *web.Mux) {
	a.listRoutes(m)
	a.callRoutes(m)
	a.paperRoutes(m)
	a.knownRoutes(m)
	a.queueRoutes(m)
}
