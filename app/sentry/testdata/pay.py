import sentry_sdk
sentry_sdk.init(dsn='http://0123456789abcdef0123456789abcdef@127.0.0.1:9000/1', release='shop@1.4.2', environment='production', server_name='web-1')
def connect():
    raise ConnectionRefusedError(111, 'Connection refused: 10.0.0.7:5432')
def pay(order):
    try:
        connect()
    except ConnectionRefusedError as e:
        raise RuntimeError('order %d cannot be paid' % order) from e
sentry_sdk.set_user({'id': '7', 'username': 'ann'})
sentry_sdk.set_tag('region', 'eu')
sentry_sdk.Hub.current.scope.add_attachment(bytes=b'what the shop logged\n' * 20, filename='shop.log')
try:
    pay(4711)
except RuntimeError as e:
    sentry_sdk.capture_exception(e)
sentry_sdk.flush(3)
