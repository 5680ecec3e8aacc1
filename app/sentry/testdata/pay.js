const Sentry = require('@sentry/node')
Sentry.init({ dsn: 'http://0123456789abcdef0123456789abcdef@127.0.0.1:9000/1', release: 'shop@1.4.2', environment: 'production', serverName: 'web-1' })
function connect() { throw new Error('connect ECONNREFUSED 10.0.0.7:5432') }
function pay(order) {
  try { connect() } catch (e) { throw new TypeError(`order ${order} cannot be paid`, { cause: e }) }
}
Sentry.setUser({ id: '7', username: 'ann' }); Sentry.setTag('region', 'eu')
try { pay(4711) } catch (e) { Sentry.captureException(e) }
Sentry.close(3000).then(() => process.exit(0))
