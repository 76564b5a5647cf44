// Package web is the shared shell of all pages: how Holdfast looks, answers,
// refuses and stays live.
//
// Its law: it decides nothing about care. It knows who asks only as an
// access.Caller that a door handed over, and every route stands behind a door
// named when it is registered. No page carries inline script or style, nothing
// is fetched from elsewhere, no clinical page is kept by the browser, and no
// log line holds a path with an identifier, a query string or what was typed.
// It holds no package-level state: one Shell serves one organisation on one
// device, and several may live in one process.
package web
